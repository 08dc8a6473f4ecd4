import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { parseRelayUrl, type DialResult, type RelayUrl } from '@bigbrotr/models';
import { startTcpServer } from '@bigbrotr/testing';
import { Deadline } from '../async/deadline.js';
import { connectTcp } from './connect-tcp.js';
import { createDialer } from './dialer.js';
import { DEFAULT_LIMITS } from './dialer-options.js';
import { upgrade } from './upgrade.js';

const network = { enabled: true, timeoutMs: 500 };
const { dial, close } = createDialer({
  networks: { clearnet: network, tor: network, i2p: network, loki: network, local: network },
});
const signal = new AbortController().signal;
const cleanups: (() => Promise<unknown>)[] = [];

afterAll(() => close());

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

function url(port: number, path = ''): RelayUrl {
  const parsed = parseRelayUrl(`ws://127.0.0.1:${port}${path}`, { local: true });
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.url;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(
    () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  );
  return (server.address() as AddressInfo).port;
}

/** A server that answers a request for an upgrade with these raw bytes. */
async function answering(bytes: string | Buffer): Promise<number> {
  const server = await startTcpServer((socket) => socket.once('data', () => socket.write(bytes)));
  cleanups.push(() => server.close());
  return server.port;
}

function failure(result: DialResult): unknown {
  return result.ok ? 'connected' : result.failure;
}

describe('upgrade', () => {
  it('opens a WebSocket and tells what the answer said', async () => {
    const server = createServer();
    const relay = new WebSocketServer({ server });
    let request: Record<string, unknown> = {};
    relay.on('headers', (headers, incoming) => {
      headers.push('Server: strfry', 'X-Powered-By: two', 'Set-Cookie: a=1', 'Set-Cookie: b=2');
      request = { ...incoming.headers, url: incoming.url };
    });
    let connections = 0;
    server.on('connection', () => (connections += 1));
    const port = await listen(server);

    const result = await dial(url(port, '/inbox'), { signal });
    if (!result.ok) throw new Error(result.failure.reason);
    const { opening } = result.socket;
    expect(opening).toMatchObject({ port, address: '127.0.0.1' });
    expect(opening.headers).toMatchObject({ server: 'strfry', 'x-powered-by': 'two', 'set-cookie': 'a=1, b=2' });
    expect(opening.openMs).toBeGreaterThan(0);
    expect(opening.tls).toBeUndefined();
    expect(request).toMatchObject({ host: `127.0.0.1:${port}`, url: '/inbox', 'user-agent': 'BigBrotr' });
    expect(request).not.toHaveProperty('sec-websocket-extensions');
    expect(connections).toBe(1);
    await result.socket.close();
    relay.close();
  });

  it.each([
    [301, { location: 'https://elsewhere.example/' }, { reason: 'redirect', location: 'https://elsewhere.example/' }],
    [302, { location: '/other' }, { reason: 'redirect', location: '/other' }],
    [308, { location: 'ws://127.0.0.1:1/' }, { reason: 'redirect', location: 'ws://127.0.0.1:1/' }],
    [302, {}, { reason: 'http' }],
    [200, { 'content-type': 'text/html' }, { reason: 'http' }],
    [402, {}, { reason: 'http' }],
    [403, {}, { reason: 'http' }],
    [404, {}, { reason: 'http' }],
    [426, {}, { reason: 'http' }],
    [503, {}, { reason: 'http' }],
  ])('answered by %i %j', async (status, headers, expected) => {
    const refuse = (response: ServerResponse): void => void response.writeHead(status, headers).end('<html>no</html>');
    const server = createServer((_, response) => refuse(response));
    server.on('upgrade', (incoming, socket) => {
      const response = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.end(`HTTP/1.1 ${status} x\r\n${response.join('')}content-length: 0\r\n\r\n`);
      incoming.resume();
    });
    const port = await listen(server);
    expect(failure(await dial(url(port), { signal }))).toEqual({ ...expected, status });
  });

  const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';

  it.each([
    ['garbage', 'SSH-2.0-OpenSSH_9.2p1\r\n', 'HPE_INVALID_CONSTANT'],
    ['headers of 100 KB', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`, 'HPE_HEADER_OVERFLOW'],
    ['an upgrade with headers of 100 KB', `${switching}x: ${'y'.repeat(100_000)}\r\n\r\n`, 'HPE_HEADER_OVERFLOW'],
    ['a wrong accept key', `${switching}Sec-WebSocket-Accept: bm8=\r\n\r\n`, undefined],
    ['an upgrade to something else', switching.replace('websocket', 'h2c') + '\r\n', undefined],
  ])('answered by %s is no protocol of ours', async (_, bytes, code) => {
    const found = failure(await dial(url(await answering(bytes)), { signal }));
    expect(found).toEqual(code === undefined ? { reason: 'protocol' } : { reason: 'protocol', code });
  });

  it('ends at once when the deadline passed just before', async () => {
    const server = await startTcpServer(() => undefined);
    cleanups.push(() => server.close());
    const deadline = new Deadline(10_000);
    const socket = await connectTcp('127.0.0.1', server.port, signal);
    deadline.cancel();
    const transport = { socket, address: undefined, tls: undefined, startedAtMs: 0 };
    const upgrading = upgrade(url(server.port), server.port, transport, deadline, {
      limits: DEFAULT_LIMITS,
      userAgent: '',
    });
    await expect(upgrading).rejects.toMatchObject({ failure: { reason: 'aborted' } });
    expect(socket.destroyed).toBe(true);
  });

  it('ends when the server never answers', async () => {
    const server = await startTcpServer(() => undefined);
    cleanups.push(() => server.close());
    const start = performance.now();
    expect(failure(await dial(url(server.port), { signal, timeoutMs: 200 }))).toEqual({
      reason: 'timeout',
      code: 'upgrade',
    });
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('ends when the server drips its answer', async () => {
    const server = await startTcpServer((socket) => {
      let sent = 0;
      const timer = setInterval(() => socket.write(`${switching}x: yyyyyyy`.charAt(sent++) || 'y'), 10);
      socket.on('close', () => clearInterval(timer));
    });
    cleanups.push(() => server.close());
    expect(failure(await dial(url(server.port), { signal, timeoutMs: 300 }))).toEqual({
      reason: 'timeout',
      code: 'upgrade',
    });
  });

  it.each([
    ['closes', 'destroy'],
    ['resets', 'resetAndDestroy'],
  ] as const)('ends when the server %s the connection', async (_, deed) => {
    const server = await startTcpServer((socket) => socket.once('data', () => socket[deed]()));
    cleanups.push(() => server.close());
    expect(failure(await dial(url(server.port), { signal }))).toEqual({ reason: 'reset', code: 'ECONNRESET' });
  });
});
