import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocketServer, type WebSocket } from 'ws';
import { parseRelayUrl, type FrameSocket, type SocketClose } from '@bigbrotr/models';
import { until } from '@bigbrotr/testing';
import { createDialer } from './dialer.js';
import type { DialerLimits } from './dialer-options.js';

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Ear {
  readonly frames: string[];
  readonly closes: SocketClose[];
  onFrame(data: Buffer): void;
  onClose(close: SocketClose): void;
}

function ear(): Ear {
  const frames: string[] = [];
  const closes: SocketClose[] = [];
  return { frames, closes, onFrame: (data) => frames.push(data.toString()), onClose: (close) => closes.push(close) };
}

/** A socket to a relay that does `serve` to it. */
async function socketTo(
  serve: (peer: WebSocket) => void,
  limits: Partial<DialerLimits> = {},
  options: ConstructorParameters<typeof WebSocketServer>[0] = {},
): Promise<FrameSocket> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...options });
  server.on('connection', serve);
  await new Promise((resolve) => server.once('listening', resolve));
  const network = { enabled: true, timeoutMs: 2000 };
  const dialer = createDialer({
    networks: { clearnet: network, tor: network, i2p: network, loki: network, local: network },
    limits: { closeMs: 200, ...limits },
  });
  cleanups.push(
    () =>
      new Promise((resolve) => {
        for (const client of server.clients) client.terminate();
        server.close(resolve);
      }),
    () => dialer.close(),
  );
  const parsed = parseRelayUrl(`ws://127.0.0.1:${(server.address() as { port: number }).port}`, { local: true });
  if (!parsed.ok) throw new Error(parsed.reason);
  const result = await dialer.dial(parsed.url, { signal: new AbortController().signal });
  if (!result.ok) throw new Error(result.failure.reason);
  return result.socket;
}

describe('WsFrameSocket', () => {
  it('keeps what comes before somebody listens', async () => {
    const socket = await socketTo((peer) => ['a', 'b', 'c'].forEach((frame) => peer.send(frame)));
    await setTimeout(50);
    const listener = ear();
    socket.listen(listener);
    await until(() => listener.frames.length === 3);
    expect(listener.frames).toEqual(['a', 'b', 'c']);
    expect(() => socket.listen(ear())).toThrow();
  });

  it('tells a late listener that it is over', async () => {
    const socket = await socketTo(() => undefined);
    await socket.close();
    const listener = ear();
    socket.listen(listener);
    expect(listener.closes).toHaveLength(1);
  });

  it('sends text, receives text, counts and drops binary frames', async () => {
    const socket = await socketTo((peer) => {
      peer.on('message', (data, isBinary) => {
        peer.send(Buffer.from([1, 2, 3]), { binary: true });
        peer.send(`${String(isBinary)} ${(data as Buffer).toString()}`);
      });
    });
    const listener = ear();
    socket.listen(listener);
    socket.send('["REQ"]');
    await until(() => listener.frames.length === 1);
    expect(listener.frames).toEqual(['false ["REQ"]']);
    expect(socket.framesReceived).toBe(2);
    expect(socket.bytesReceived).toBe(3 + 'false ["REQ"]'.length);
  });

  it('hands on frames that are no UTF-8 instead of giving up the relay', async () => {
    const socket = await socketTo((peer) => {
      peer.send(Buffer.from([0xff, 0xfe]), { binary: false });
      peer.send('next');
    });
    const listener = ear();
    socket.listen(listener);
    await until(() => listener.frames.length === 2);
    expect(listener.frames[1]).toBe('next');
  });

  it('stops the relay while paused, and loses nothing', async () => {
    const frames = 4000;
    const socket = await socketTo((peer) => {
      for (let sent = 0; sent < frames; sent += 1) peer.send('x'.repeat(1000));
    });
    const listener = ear();
    socket.listen(listener);
    await until(() => listener.frames.length > 0);
    socket.pause();
    await setTimeout(20);
    const held = listener.frames.length;
    await setTimeout(100);
    expect(listener.frames.length).toBe(held);
    expect(held).toBeLessThan(frames);
    socket.resume();
    await until(() => listener.frames.length === frames);
  });

  it('ends a connection with too long a frame', async () => {
    const socket = await socketTo((peer) => peer.send('x'.repeat(2000)), { maxPayloadBytes: 1000 });
    const listener = ear();
    socket.listen(listener);
    await until(() => listener.closes.length === 1);
    expect(listener.frames).toEqual([]);
    expect(listener.closes[0]?.failure).toEqual({ reason: 'protocol', code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' });
  });

  it.each([
    ['a close frame', (peer: WebSocket): void => peer.close(4001, 'bye'), { code: 4001, reason: 'bye' }],
    ['a cut', (peer: WebSocket): void => peer.terminate(), { code: 1006, reason: '', failure: { reason: 'reset' } }],
  ])('reports %s once, after the last frame', async (_, end, expected) => {
    const socket = await socketTo((peer) => peer.send('last', () => end(peer)));
    const order: unknown[] = [];
    socket.listen({ onFrame: (data) => order.push(data.toString()), onClose: (close) => order.push(close) });
    await until(() => order.length === 2);
    await socket.close();
    socket.send('into the void');
    expect(order).toEqual(['last', expected]);
  });

  it('measures pings, and gives up on a peer that does not answer', async () => {
    const socket = await socketTo(() => undefined);
    socket.listen(ear());
    const [one, two] = await Promise.all([socket.ping(1000), socket.ping(1000)]);
    expect(one).toBeGreaterThan(0);
    expect(two).toBeGreaterThan(0);

    const mute = await socketTo(() => undefined, {}, { autoPong: false });
    mute.listen(ear());
    const start = performance.now();
    expect(await mute.ping(50)).toBeUndefined();
    expect(performance.now() - start).toBeLessThan(500);
    const pending = mute.ping(60_000);
    await mute.close();
    expect(await pending).toBeUndefined();
    expect(await mute.ping(60_000)).toBeUndefined();
  });

  it('ignores pongs that nobody asked for', async () => {
    const socket = await socketTo(
      (peer) => ['1', '2', '7', '__proto__'].forEach((pong) => peer.pong(pong)),
      {},
      { autoPong: false },
    );
    socket.listen(ear());
    await setTimeout(20);
    expect(await socket.ping(50)).toBeUndefined();
  });

  it('closes politely', async () => {
    let heard: [number, string] | undefined;
    const socket = await socketTo((peer) => peer.on('close', (code, reason) => (heard = [code, reason.toString()])), {
      closeMs: 3000,
    });
    const listener = ear();
    socket.listen(listener);
    socket.pause(); // must not keep the answer from us
    const start = performance.now();
    await socket.close();
    expect(performance.now() - start).toBeLessThan(1000);
    await until(() => heard !== undefined);
    expect(heard).toEqual([1000, '']);
    expect(listener.closes).toEqual([{ code: 1000, reason: '' }]);
    await socket.close();
    expect(listener.closes).toHaveLength(1);
  });

  it.each([
    ['ignores the close frame', (peer: WebSocket): void => peer.pause()],
    [
      'floods us instead',
      (peer: WebSocket): void => {
        peer.pause(); // so that it never sees our close frame
        const pour = (): void => {
          if (peer.readyState === peer.OPEN) peer.send('x'.repeat(100_000), pour);
        };
        pour();
      },
    ],
  ])('closes within its deadline although the peer %s, listened to or not', async (_, serve) => {
    for (const listening of [true, false]) {
      const socket = await socketTo(serve);
      if (listening) socket.listen(ear());
      socket.pause();
      const start = performance.now();
      await socket.close();
      expect(performance.now() - start).toBeLessThan(1500);
    }
  });

  it('delivers nothing any more once it is closing', async () => {
    const socket = await socketTo((peer) => {
      const timer = setInterval(() => peer.send('again'), 1);
      peer.on('close', () => clearInterval(timer));
    });
    const listener = ear();
    socket.listen(listener);
    await until(() => listener.frames.length > 3);
    const closing = socket.close();
    const heard = listener.frames.length;
    await closing;
    expect(listener.frames.length).toBe(heard);
  });

  it('cuts a peer that asks much and reads nothing', async () => {
    const socket = await socketTo((peer) => peer.pause(), { maxPayloadBytes: 100_000 });
    const listener = ear();
    socket.listen(listener);
    for (let sent = 0; sent < 200 && listener.closes.length === 0; sent += 1) {
      socket.send('x'.repeat(100_000));
      await setTimeout(1);
    }
    expect(listener.closes[0]?.failure).toEqual({ reason: 'timeout', code: 'send' });
  });

  it('cuts an idle connection, but not one that we pause ourselves', async () => {
    const socket = await socketTo(() => undefined, { idleMs: 60 });
    const listener = ear();
    socket.listen(listener);
    socket.pause();
    await setTimeout(200);
    expect(listener.closes).toEqual([]);
    socket.resume();
    await until(() => listener.closes.length === 1);
    expect(listener.closes[0]?.failure).toEqual({ reason: 'timeout', code: 'idle' });
  });

  it('is closed by `await using`', async () => {
    const listener = ear();
    {
      await using socket = await socketTo(() => undefined);
      socket.listen(listener);
    }
    expect(listener.closes).toHaveLength(1);
  });
});
