import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { parseRelayUrl, type DialResult, type RelayUrl } from '@bigbrotr/models';
import { startSocks5Server, startTcpServer, until, type Socks5Server, type SocksAnswer } from '@bigbrotr/testing';
import { createDialer, type Dialer } from './dialer.js';

const signal = new AbortController().signal;
const ONION = `${'abcdefgh'.repeat(7)}.onion`;
const EEPSITE = `${'a'.repeat(52)}.b32.i2p`;
const LOKI = `${'y'.repeat(52)}.loki`;
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function url(host: string): RelayUrl {
  const parsed = parseRelayUrl(`ws://${host}`);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.url;
}

async function relay(): Promise<number> {
  const server = createServer((_, response) => response.end('{"name":"hidden"}'));
  const relay = new WebSocketServer({ server });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(
    () =>
      new Promise((resolve) => {
        for (const client of relay.clients) client.terminate();
        server.close(resolve);
        server.closeAllConnections();
      }),
  );
  return (server.address() as AddressInfo).port;
}

async function proxy(answer: SocksAnswer): Promise<Socks5Server> {
  const started = await startSocks5Server(() => answer);
  cleanups.push(() => started.close());
  return started;
}

const asked: string[] = [];

function through(proxyUrl: string): Dialer {
  const overlay = { enabled: true, timeoutMs: 1000, proxyUrl };
  const direct = { enabled: true, timeoutMs: 1000 };
  const dialer = createDialer(
    { networks: { clearnet: direct, local: direct, tor: overlay, i2p: overlay, loki: overlay } },
    { lookup: (host) => Promise.resolve([`127.0.0.${asked.push(host)}`]) },
  );
  cleanups.push(() => dialer.close());
  return dialer;
}

function failure(result: DialResult): unknown {
  return result.ok ? 'connected' : result.failure;
}

describe('openTunnel', () => {
  it.each([ONION, EEPSITE, 'relay.i2p', LOKI])('hands the name %s to the proxy and asks nobody else', async (host) => {
    const server = await proxy({ port: await relay() });
    const result = await through(server.url).dial(url(host), { signal });
    expect(failure(result)).toBe('connected');
    expect(result.ok && result.socket.opening).toMatchObject({ port: 80 });
    expect(result.ok && result.socket.opening).not.toHaveProperty('address');
    expect(server.requests).toMatchObject([{ host, port: 80 }]);
    expect(asked).toEqual([]);
  });

  it('fetches documents the same way', async () => {
    const server = await proxy({ port: await relay() });
    const { httpGet } = through(server.url);
    const result = await httpGet(`http://${ONION}/`, { signal, timeoutMs: 1000, maxBytes: 1000 });
    expect(result.ok && result.body.toString()).toBe('{"name":"hidden"}');
    expect(server.requests).toMatchObject([{ host: ONION, port: 80 }]);
  });

  it('gives each onion service circuits of its own, and no one else credentials', async () => {
    const server = await proxy({ port: await relay() });
    const { dial } = through(server.url);
    const other = ONION.replace('a', 'b');
    for (const host of [ONION, ONION, other, EEPSITE]) await dial(url(host), { signal });
    expect(server.requests.map(({ user, password }) => [user, password])).toEqual([
      [ONION, '80'],
      [ONION, '80'],
      [other, '80'],
      [undefined, undefined],
    ]);
  });

  it("prefers the operator's credentials", async () => {
    const server = await proxy({ port: await relay() });
    const { dial } = through(server.url.replace('//', '//ann:s%40cret@'));
    await dial(url(ONION), { signal });
    expect(server.requests).toMatchObject([{ user: 'ann', password: 's@cret' }]);
  });

  it.each(['localhost', '[::1]'])('finds its proxy at %s, which is the operator’s business', async (host) => {
    const server = await proxy({ port: await relay() });
    const { port } = new URL(server.url);
    const listening = host === 'localhost';
    const result = await through(`socks5://${host}:${port}`).dial(url(ONION), { signal });
    expect(failure(result)).toEqual(listening ? 'connected' : { reason: 'proxy', code: 'ECONNREFUSED' });
  });

  it.each([
    [1, 'proxy'],
    [2, 'proxy'],
    [3, 'unreachable'],
    [4, 'unreachable'],
    [5, 'refused'],
    [6, 'timeout'],
    [0xf0, 'unreachable'],
    [0xf6, 'dns'],
  ])('reads the reply %i as %s', async (reply, reason) => {
    const { dial } = through((await proxy({ reply })).url);
    expect(failure(await dial(url(ONION), { signal }))).toEqual({ reason, code: `socks-${reply}` });
  });

  it('knows a proxy that is not there', async () => {
    const server = await startTcpServer(() => undefined);
    await server.close();
    const { dial } = through(`socks5h://127.0.0.1:${server.port}`);
    expect(failure(await dial(url(ONION), { signal }))).toEqual({ reason: 'proxy', code: 'ECONNREFUSED' });
  });

  it('knows a proxy that is none', async () => {
    const server = await startTcpServer((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
    cleanups.push(() => server.close());
    const { dial } = through(`socks5h://127.0.0.1:${server.port}`);
    expect(failure(await dial(url(ONION), { signal }))).toEqual({ reason: 'proxy' });
  });

  it('leaves a silent proxy at the deadline, and at once when aborted', async () => {
    const server = await proxy('silence');
    const { dial } = through(server.url);
    const late = await dial(url(ONION), { signal, timeoutMs: 150 });
    expect(failure(late)).toEqual({ reason: 'timeout', code: 'connect' });

    const controller = new AbortController();
    const dialling = dial(url(ONION), { signal: controller.signal });
    await until(() => server.requests.length === 2);
    controller.abort();
    expect(failure(await dialling)).toEqual({ reason: 'aborted' });
    await until(() => server.connections === 0, { timeoutMs: 500 });
  });
});
