import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { parseRelayUrl, type RelayUrl } from '@bigbrotr/models';
import { startDnsServer, startSocks5Server, startTcpServer, until, type TcpServer } from '@bigbrotr/testing';
import { createDialer, type Dialer } from './dialer.js';
import type { DialerLimits, DialerModules } from './dialer-options.js';

const never = new AbortController().signal;
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function dialer(
  modules: DialerModules = {},
  limits: Partial<DialerLimits> = {},
  proxyUrl?: string,
  dnsServers: readonly string[] = ['127.0.0.1:9'],
): Dialer {
  const network = { enabled: true, timeoutMs: 5000 };
  const tor = proxyUrl === undefined ? network : { ...network, proxyUrl };
  const networks = { clearnet: network, tor, i2p: network, loki: network, local: network };
  const made = createDialer({ networks, limits, dnsServers }, modules);
  cleanups.push(() => made.close());
  return made;
}

function url(text: string): RelayUrl {
  const parsed = parseRelayUrl(text, { local: true });
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.url;
}

async function silentServer(): Promise<TcpServer> {
  const server = await startTcpServer(() => undefined);
  cleanups.push(() => server.close());
  return server;
}

async function relay(): Promise<{ target: RelayUrl; server: WebSocketServer }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await new Promise((resolve) => server.once('listening', resolve));
  cleanups.push(
    () =>
      new Promise((resolve) => {
        for (const client of server.clients) client.terminate();
        server.close(resolve);
      }),
  );
  return { server, target: url(`ws://127.0.0.1:${(server.address() as { port: number }).port}`) };
}

/** How many sockets, look-ups and timers keep the process alive. */
function wires(): number {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /TCPSocketWrap|TLSWrap|TCPConnectWrap|GetAddrInfo|DNS|Timeout/.test(name)).length;
}

/** Each phase in which an opening can be caught: how to get there, and how to know that it is there. */
const phases: readonly [
  string,
  (signal: AbortSignal) => Promise<{ there: () => boolean; opening: Promise<unknown> }>,
][] = [
  [
    'looking up',
    (signal) => {
      let asked = false;
      const { dial } = dialer({
        lookup: (_, query) =>
          new Promise((_resolve, reject) => {
            asked = true;
            query.signal.addEventListener('abort', () => reject(query.signal.reason as Error));
          }),
      });
      return Promise.resolve({ there: () => asked, opening: dial(url('wss://relay.example.com'), { signal }) });
    },
  ],
  [
    'waiting for a place',
    async (signal) => {
      const { target } = await relay();
      const { dial } = dialer({}, { socketsPerIp: 1 });
      await dial(target, { signal: never });
      return { there: () => true, opening: dial(target, { signal }) };
    },
  ],
  [
    'waiting for its turn',
    async (signal) => {
      const { target } = await relay();
      const { dial } = dialer({}, { connectionsPerSecond: 0.1, connectionBurst: 1 });
      await dial(target, { signal: never });
      return { there: () => true, opening: dial(target, { signal }) };
    },
  ],
  [
    'talking to the proxy',
    async (signal) => {
      const proxy = await startSocks5Server(() => 'silence');
      cleanups.push(() => proxy.close());
      const { dial } = dialer({}, {}, proxy.url);
      return { there: () => proxy.requests.length > 0, opening: dial(url(`ws://${'a'.repeat(56)}.onion`), { signal }) };
    },
  ],
  [
    'shaking hands',
    async (signal) => {
      const server = await silentServer();
      return {
        there: () => server.accepted > 0,
        opening: dialer().dial(url(`wss://127.0.0.1:${server.port}`), { signal }),
      };
    },
  ],
  [
    'asking for the upgrade',
    async (signal) => {
      const server = await silentServer();
      return {
        there: () => server.accepted > 0,
        opening: dialer().dial(url(`ws://127.0.0.1:${server.port}`), { signal }),
      };
    },
  ],
  [
    'asking for a document',
    async (signal) => {
      const server = await silentServer();
      const request = { signal, timeoutMs: 5000, maxBytes: 1000 };
      return {
        there: () => server.accepted > 0,
        opening: dialer().httpGet(`http://127.0.0.1:${server.port}/`, request),
      };
    },
  ],
  [
    'reading a document',
    async (signal) => {
      const server = await startTcpServer((socket) => socket.write('HTTP/1.1 200 OK\r\n\r\nx'));
      cleanups.push(() => server.close());
      const request = { signal, timeoutMs: 5000, maxBytes: 1000 };
      return {
        there: () => server.accepted > 0,
        opening: dialer().httpGet(`http://127.0.0.1:${server.port}/`, request),
      };
    },
  ],
];

describe('the dialer', () => {
  it.each(phases)('aborted while %s ends at once and leaves nothing open', async (_, reach) => {
    const before = wires();
    const controller = new AbortController();
    const { there, opening } = await reach(controller.signal);
    await until(there, { everyMs: 5 });
    await new Promise(setImmediate);
    controller.abort();
    const start = performance.now();
    expect(await opening).toEqual({ ok: false, failure: { reason: 'aborted' } });
    expect(performance.now() - start).toBeLessThan(200);

    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    await until(() => wires() <= before, { timeoutMs: 1000, everyMs: 50 });
  });

  it('aborted beforehand does nothing at all', async () => {
    const { server, target } = await relay();
    const { dial, httpGet, resolveFacts } = dialer({ lookup: () => Promise.reject(new Error('asked')) });
    const signal = AbortSignal.abort();
    const aborted = { ok: false, failure: { reason: 'aborted' } };
    expect(await dial(target, { signal })).toEqual(aborted);
    expect(await dial(url('wss://relay.example.com'), { signal })).toEqual(aborted);
    expect(await httpGet('http://127.0.0.1/', { signal, timeoutMs: 1000, maxBytes: 1 })).toEqual(aborted);
    expect(await resolveFacts('relay.example.com', { signal, timeoutMs: 1000 })).toBeUndefined();
    expect(server.clients.size).toBe(0);
  });

  it('closes what is open, ends what is being opened, and opens nothing more', async () => {
    const { server, target } = await relay();
    const silent = await silentServer();
    const mute = await startDnsServer(() => 'silent');
    cleanups.push(() => mute.close());
    const { dial, resolveFacts, close } = dialer({}, {}, undefined, [mute.address]);
    const result = await dial(target, { signal: never });
    const closes: number[] = [];
    if (result.ok) result.socket.listen({ onFrame: () => undefined, onClose: ({ code }) => closes.push(code) });
    const opening = dial(url(`ws://127.0.0.1:${silent.port}`), { signal: never });
    const asking = resolveFacts('relay.example.com', { signal: never, timeoutMs: 5000 });
    await until(() => silent.accepted === 1);

    await close();
    expect(await opening).toEqual({ ok: false, failure: { reason: 'aborted' } });
    expect(await asking).toBeUndefined();
    expect(closes).toEqual([1000]);
    await until(() => server.clients.size === 0 && silent.connections === 0);
    expect(await dial(target, { signal: never })).toEqual({ ok: false, failure: { reason: 'aborted' } });
  });

  it('survives a peer that errs at any later moment', async () => {
    const { server, target } = await relay();
    const { dial } = dialer();
    const result = await dial(target, { signal: never });
    for (const client of server.clients)
      (client as unknown as { _socket: { resetAndDestroy(): void } })._socket.resetAndDestroy();
    await until(() => server.clients.size === 0);
    if (!result.ok) throw new Error(result.failure.reason);
    result.socket.send('too late');
    let failure: unknown;
    result.socket.listen({ onFrame: () => undefined, onClose: (close) => (failure = close.failure) });
    await until(() => failure);
    expect(failure).toMatchObject({ reason: 'reset' });
  });

  it('opens many at once without mixing them up', async () => {
    const relays = await Promise.all(Array.from({ length: 20 }, relay));
    const { dial } = dialer();
    const results = await Promise.all(relays.map(({ target }) => dial(target, { signal: never })));
    expect(results.map((result) => result.ok && result.socket.url)).toEqual(relays.map(({ target }) => target));
  });
});
