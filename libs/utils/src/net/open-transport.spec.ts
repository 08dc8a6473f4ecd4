import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { parseRelayUrl, type DialResult, type RelayUrl } from '@bigbrotr/models';
import { startSocks5Server, startTcpServer, until, type TcpServer } from '@bigbrotr/testing';
import { createDialer, type Dialer } from './dialer.js';
import type { DialerLimits, DialerModules, DialerNetwork } from './dialer-options.js';

const signal = new AbortController().signal;
const open: DialerNetwork = { enabled: true, timeoutMs: 2000 };
const off: DialerNetwork = { enabled: false, timeoutMs: 2000 };
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function url(text: string): RelayUrl {
  const parsed = parseRelayUrl(text, { local: true });
  if (!parsed.ok) throw new Error(`${text}: ${parsed.reason}`);
  return parsed.url;
}

function dialer(modules: DialerModules = {}, limits: Partial<DialerLimits> = {}, local = open): Dialer {
  const made = createDialer({ networks: { clearnet: open, tor: off, i2p: open, loki: open, local }, limits }, modules);
  cleanups.push(() => made.close());
  return made;
}

async function tcpServer(...args: Parameters<typeof startTcpServer>): Promise<TcpServer> {
  const server = await startTcpServer(...args);
  cleanups.push(() => server.close());
  return server;
}

async function relay(): Promise<{ port: number; server: WebSocketServer }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await new Promise((resolve) => server.once('listening', resolve));
  cleanups.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const client of server.clients) client.terminate();
      }),
  );
  return { port: (server.address() as { port: number }).port, server };
}

function failure(result: DialResult): unknown {
  return result.ok ? 'connected' : result.failure;
}

describe('openTransport', () => {
  describe('the name', () => {
    it.each([
      ['one private answer', ['127.0.0.1'], 'private-address'],
      ['a public and a private answer', ['8.8.8.8', '10.0.0.1'], 'private-address'],
      ['a private and a public answer', ['::1', '8.8.8.8'], 'private-address'],
      ['a metadata service', ['169.254.169.254'], 'reserved-address'],
      ['a mapped loopback address', ['::ffff:127.0.0.1'], 'reserved-address'],
      ['loopback behind NAT64', ['64:ff9b::7f00:1'], 'reserved-address'],
    ])('clearnet with %s is refused before any connection', async (_, answers, code) => {
      const { server, port } = await relay();
      const { dial } = dialer({ lookup: () => Promise.resolve(answers) });
      const result = await dial(url(`wss://relay.example.com:${port}`), { signal });
      expect(failure(result)).toEqual({ reason: 'blocked', code });
      expect(server.clients.size).toBe(0);
    });

    it.each([
      ['169.254.169.254', 'reserved-address'],
      ['fe80::1', 'reserved-address'],
      ['0.0.0.0', 'reserved-address'],
    ])('local never leads to %s', async (address, code) => {
      const { dial } = dialer({ lookup: () => Promise.resolve(['127.0.0.1', address]) });
      const result = await dial(url('ws://relay.localhost:7777'), { signal });
      expect(failure(result)).toEqual({ reason: 'blocked', code });
    });

    it('is looked up once, and it is the checked address that we connect to (no rebinding)', async () => {
      const { port, server } = await relay();
      const answers = [['127.0.0.1'], ['127.0.0.2']];
      const { dial } = dialer({ lookup: () => Promise.resolve(answers.shift() ?? []) });

      const result = await dial(url(`ws://relay.localhost:${port}`), { signal });
      expect(result.ok && result.socket.opening.address).toBe('127.0.0.1');
      expect(server.clients.size).toBe(1);
      expect(answers).toHaveLength(1);
    });

    it.each(['ENOTFOUND', 'ECONNREFUSED', 'ESERVFAIL', 'EAI_AGAIN'])(
      'that does not resolve (%s) is dns',
      async (code) => {
        const { dial } = dialer({ lookup: () => Promise.reject(Object.assign(new Error(), { code })) });
        expect(failure(await dial(url('wss://relay.example.com'), { signal }))).toEqual({ reason: 'dns', code });
      },
    );

    it('without any address is dns', async () => {
      const { dial } = dialer({ lookup: () => Promise.resolve([]) });
      expect(failure(await dial(url('wss://relay.example.com'), { signal }))).toMatchObject({ reason: 'dns' });
    });

    it('is not looked up when it is an address', async () => {
      const { port } = await relay();
      const { dial } = dialer({ lookup: () => Promise.reject(new Error('asked')) });
      expect(failure(await dial(url(`ws://127.0.0.1:${port}`), { signal }))).toBe('connected');
    });

    it('may not make a bug look like a sick relay', async () => {
      const { dial } = dialer({ lookup: () => Promise.reject(new TypeError('a bug')) });
      await expect(dial(url('wss://relay.example.com'), { signal })).rejects.toThrow('a bug');
    });
  });

  describe('the network', () => {
    it('must be enabled', async () => {
      const { dial } = dialer({}, {}, off);
      const blocked = { reason: 'blocked', code: 'network-disabled' };
      expect(failure(await dial(url('ws://127.0.0.1:7777'), { signal }))).toEqual(blocked);
      expect(failure(await dial(url(`ws://${'a'.repeat(56)}.onion`), { signal }))).toEqual(blocked);
    });

    it.each([`ws://${'a'.repeat(52)}.b32.i2p`, `ws://${'y'.repeat(52)}.loki`])(
      '%s needs a proxy and asks nobody for its name',
      async (overlay) => {
        const asked: string[] = [];
        const { dial } = dialer({ lookup: (host) => Promise.resolve([String(asked.push(host))]) });
        expect(failure(await dial(url(overlay), { signal }))).toEqual({ reason: 'blocked', code: 'no-proxy' });
        expect(asked).toEqual([]);
      },
    );

    it('decides about ports', async () => {
      const { dial } = dialer({ lookup: () => Promise.resolve(['8.8.8.8']) });
      const result = await dial(url('wss://relay.example.com:6379'), { signal });
      expect(failure(result)).toEqual({ reason: 'blocked', code: 'port' });
    });
  });

  describe('the connection', () => {
    it('goes to the next address when one refuses', async () => {
      const { port } = await relay();
      const { dial } = dialer({ lookup: () => Promise.resolve(['127.0.0.77', '127.0.0.78', '127.0.0.1']) });
      const result = await dial(url(`ws://relay.localhost:${port}`), { signal });
      expect(result.ok && result.socket.opening.address).toBe('127.0.0.1');
    });

    it('refused by all is refused', async () => {
      const { port, close } = await startTcpServer(() => undefined);
      await close();
      const { dial } = dialer({ lookup: () => Promise.resolve(['127.0.0.1', '127.0.0.2']) });
      const result = await dial(url(`ws://relay.localhost:${port}`), { signal });
      expect(failure(result)).toEqual({ reason: 'refused', code: 'ECONNREFUSED' });
    });

    it('gives an address that does not answer only its share of the time', async () => {
      const { port } = await relay();
      // No address of this machine swallows packets for certain, so a proxy plays the silent one.
      const proxy = await startSocks5Server(({ host }) => (host === '10.0.0.1' ? 'silence' : { port }));
      cleanups.push(() => proxy.close());
      const { dial } = dialer(
        { lookup: () => Promise.resolve(['10.0.0.1', '10.0.0.2']) },
        {},
        { ...open, proxyUrl: proxy.url },
      );
      const result = await dial(url(`ws://relay.localhost:${port}`), { signal, timeoutMs: 1000 });
      expect(failure(result)).toBe('connected');
      expect(proxy.requests.map(({ host }) => host)).toEqual(['10.0.0.1', '10.0.0.2']);
    });

    it('measures the opening from its first packet', async () => {
      const { port } = await relay();
      const slow = new Promise<string[]>((resolve) => setTimeout(resolve, 300, ['127.0.0.1']));
      const { dial } = dialer({ lookup: () => slow });
      const result = await dial(url(`ws://relay.localhost:${port}`), { signal });
      expect(result.ok && result.socket.opening.openMs).toBeLessThan(200);
    });
  });

  describe('the place', () => {
    it('is one of so many per host and port', async () => {
      const { port, server } = await relay();
      const { dial } = dialer({}, { socketsPerIp: 2 });
      const target = url(`ws://127.0.0.1:${port}`);
      const first = await dial(target, { signal });
      await dial(target, { signal });
      let third: DialResult | undefined;
      const waiting = dial(target, { signal, timeoutMs: 300 }).then((result) => (third = result));

      // Longer than the third one's deadline: waiting for a place is not the relay's fault.
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(third).toBeUndefined();
      expect(server.clients.size).toBe(2);

      if (first.ok) await first.socket.close();
      await waiting;
      expect(third?.ok && third.socket.opening.openMs).toBeLessThan(200);
    });

    it('is kept per port on local, so neighbours do not share it', async () => {
      const [one, two] = [await relay(), await relay()];
      const { dial } = dialer({}, { socketsPerIp: 1, maxWaitMs: 0 });
      expect(failure(await dial(url(`ws://127.0.0.1:${one.port}`), { signal }))).toBe('connected');
      expect(failure(await dial(url(`ws://127.0.0.1:${two.port}`), { signal }))).toBe('connected');
    });

    it('that does not come free in time is our own busyness', async () => {
      const { port } = await relay();
      const { dial } = dialer({}, { socketsPerIp: 1, maxWaitMs: 50 });
      await dial(url(`ws://127.0.0.1:${port}`), { signal });
      const result = await dial(url(`ws://127.0.0.1:${port}`), { signal });
      expect(failure(result)).toEqual({ reason: 'blocked', code: 'busy' });
    });

    it('comes free after a failure, too', async () => {
      const { port } = await tcpServer((socket) => socket.destroy());
      const closed = await startTcpServer(() => undefined);
      await closed.close();
      const { dial } = dialer({}, { socketsPerIp: 1, maxWaitMs: 1000 });
      for (let tried = 0; tried < 3; tried += 1) {
        expect(failure(await dial(url(`ws://127.0.0.1:${port}`), { signal }))).toMatchObject({ reason: 'reset' });
        expect(failure(await dial(url(`ws://127.0.0.1:${closed.port}`), { signal }))).toMatchObject({
          reason: 'refused',
        });
      }
    });

    it('comes free when its holder was refused for another reason', async () => {
      const [one, two] = [await relay(), await relay()];
      const { dial } = dialer({}, { socketsPerIp: 1, connectionsPerSecond: 5, connectionBurst: 1, maxWaitMs: 50 });
      await dial(url(`ws://127.0.0.1:${one.port}`), { signal });
      const tooSoon = await dial(url(`ws://127.0.0.1:${two.port}`), { signal });
      expect(failure(tooSoon)).toEqual({ reason: 'blocked', code: 'busy' });
      await new Promise((resolve) => setTimeout(resolve, 250));
      expect(failure(await dial(url(`ws://127.0.0.1:${two.port}`), { signal }))).toBe('connected');
    });

    it('is kept free for one document, so that a holder can fetch it', async () => {
      const { port } = await relay();
      const { dial, httpGet } = dialer({}, { socketsPerIp: 1, maxWaitMs: 100 });
      await dial(url(`ws://127.0.0.1:${port}`), { signal });
      const result = await httpGet(`http://127.0.0.1:${port}/`, { signal, timeoutMs: 1000, maxBytes: 1000 });
      expect(result).toMatchObject({ ok: true, status: 426 });
    });

    it('new connections are paced', async () => {
      const server = await tcpServer((socket) => socket.destroy());
      const { dial } = dialer({}, { connectionsPerSecond: 20, connectionBurst: 1, socketsPerIp: 100 });
      const start = performance.now();
      await Promise.all(Array.from({ length: 5 }, () => dial(url(`ws://127.0.0.1:${server.port}`), { signal })));
      expect(performance.now() - start).toBeGreaterThanOrEqual(190);
      await until(() => server.connections === 0);
      expect(server.accepted).toBe(5);
    });
  });
});
