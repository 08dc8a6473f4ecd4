import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { HttpRequest, HttpResult } from '@bigbrotr/models';
import { startTcpServer, until } from '@bigbrotr/testing';
import { createDialer, type Dialer } from './dialer.js';
import type { DialerModules } from './dialer-options.js';

const request: HttpRequest = { signal: new AbortController().signal, timeoutMs: 2000, maxBytes: 10_000 };
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function dialer(modules: DialerModules = {}): Dialer {
  const network = { enabled: true, timeoutMs: 2000 };
  const made = createDialer(
    { networks: { clearnet: network, tor: network, i2p: network, loki: network, local: network } },
    modules,
  );
  cleanups.push(() => made.close());
  return made;
}

async function website(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(
    () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** GETs from a site that answers so. */
async function get(answer: RequestListener, more: Partial<HttpRequest> = {}, path = '/'): Promise<HttpResult> {
  return dialer().httpGet((await website(answer)) + path, { ...request, ...more });
}

const failed = (failure: object): object => ({ ok: false, failure });

describe('httpGet', () => {
  it('gives status, headers and body', async () => {
    let seen: IncomingMessage | undefined;
    const result = await get(
      (incoming, response) => {
        seen = incoming;
        response.writeHead(418, { 'X-Two': ['a', 'b'], 'content-type': 'application/json' }).end('{"name":"ü"}');
      },
      { headers: { accept: 'application/nostr+json' } },
      '/path?query=1#fragment',
    );
    expect(result).toMatchObject({
      ok: true,
      status: 418,
      headers: { 'x-two': 'a, b', 'content-type': 'application/json' },
    });
    expect(result.ok && result.body.toString()).toBe('{"name":"ü"}');
    expect(result.ok && result.durationMs).toBeGreaterThan(0);
    expect(seen?.url).toBe('/path?query=1');
    expect(seen?.headers).toMatchObject({
      accept: 'application/nostr+json',
      'accept-encoding': 'identity',
      'user-agent': 'BigBrotr',
      host: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    });
  });

  it.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['Identity', (text: string) => Buffer.from(text)],
  ])('unpacks %s, which nobody asked for', async (encoding, pack) => {
    const result = await get((_, response) => response.setHeader('content-encoding', encoding).end(pack('{"a":1}')));
    expect(result.ok && result.body.toString()).toBe('{"a":1}');
  });

  it.each([
    ['an encoding that nobody knows', 'zip', Buffer.from('x'), { reason: 'protocol', code: 'content-encoding' }],
    ['several encodings', 'gzip, gzip', gzipSync(gzipSync('x')), { reason: 'protocol', code: 'content-encoding' }],
    ['broken gzip', 'gzip', Buffer.from('not gzip at all'), { reason: 'protocol', code: 'Z_DATA_ERROR' }],
    ['half a gzip', 'gzip', gzipSync('x'.repeat(500)).subarray(0, 20), { reason: 'protocol', code: 'Z_BUF_ERROR' }],
  ])('gives up on %s', async (_, encoding, body, failure) => {
    expect(await get((_, response) => response.setHeader('content-encoding', encoding).end(body))).toEqual(
      failed(failure),
    );
  });

  describe('too large', () => {
    it.each([
      ['a long body', (response: Parameters<RequestListener>[1]) => response.end('x'.repeat(10_001))],
      [
        'a gzip bomb',
        (response) => response.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(5_000_000))),
      ],
      [
        'an endless body',
        (response) => {
          const pour = (): void => {
            if (!response.destroyed) response.write('x'.repeat(1000), () => setImmediate(pour));
          };
          pour();
        },
      ],
      [
        'endless gzip of nothing',
        (response) => {
          response.setHeader('content-encoding', 'gzip');
          response.write(gzipSync('x').subarray(0, 10));
          // Stored blocks of no bytes: much comes in, nothing comes out.
          const nothing = Buffer.alloc(5000, Buffer.from([0, 0, 0, 255, 255]));
          const pour = (): void => {
            if (!response.destroyed) response.write(nothing, () => setImmediate(pour));
          };
          pour();
        },
      ],
    ] as [string, (response: Parameters<RequestListener>[1]) => unknown][])('%s', async (_, answer) => {
      const start = performance.now();
      expect(await get((_, response) => void answer(response))).toEqual(failed({ reason: 'too-large' }));
      expect(performance.now() - start).toBeLessThan(1500);
    });

    it('is one byte more than allowed', async () => {
      const result = await get((_, response) => response.end('x'.repeat(10_000)));
      expect(result.ok && result.body.length).toBe(10_000);
    });
  });

  it.each(['headers', 'body'])('does not outlive its deadline when %s drip in', async (part) => {
    const server = await startTcpServer((socket) => {
      socket.write(part === 'headers' ? 'HTTP/1.1 200 OK\r\nx: ' : 'HTTP/1.1 200 OK\r\n\r\n');
      const timer = setInterval(() => socket.write('y'), 10);
      socket.on('close', () => clearInterval(timer));
    });
    cleanups.push(() => server.close());
    const start = performance.now();
    const result = await dialer().httpGet(`http://127.0.0.1:${server.port}/`, { ...request, timeoutMs: 200 });
    expect(result).toEqual(failed({ reason: 'timeout', code: 'request' }));
    expect(performance.now() - start).toBeLessThan(1000);
    await until(() => server.connections === 0);
  });

  it.each([
    ['garbage', 'SSH-2.0-OpenSSH\r\n', { reason: 'protocol', code: 'HPE_INVALID_CONSTANT' }],
    [
      'headers of 100 KB',
      `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`,
      { reason: 'protocol', code: 'HPE_HEADER_OVERFLOW' },
    ],
    ['nothing', '', { reason: 'reset', code: 'ECONNRESET' }],
    ['half a body', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nxyz', { reason: 'reset', code: 'ECONNRESET' }],
    [
      'an upgrade',
      'HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n',
      { reason: 'protocol', code: 'upgrade' },
    ],
  ])('knows %s', async (_, bytes, failure) => {
    const server = await startTcpServer((socket) => socket.once('data', () => socket.end(bytes)));
    cleanups.push(() => server.close());
    expect(await dialer().httpGet(`http://127.0.0.1:${server.port}/`, request)).toEqual(failed(failure));
  });

  it.each([
    ['not a url', 'not-a-url'],
    ['ftp://relay.example/', 'scheme'],
    ['http://user:secret@relay.example/', 'credentials'],
    ['http://relay.example:6379/', 'port'],
    ['http://169.254.169.254/latest/meta-data', 'reserved-address'],
    ['http://[::ffff:7f00:1]/', 'reserved-address'],
    [`http://${'a'.repeat(56)}.onion/`, 'no-proxy'],
  ])('refuses %s', async (url, code) => {
    const { httpGet } = dialer({ lookup: () => Promise.resolve(['8.8.8.8']) });
    expect(await httpGet(url, request)).toEqual(failed({ reason: 'blocked', code }));
  });

  describe('a redirect', () => {
    /** A site with these redirects, and what it was asked for. */
    async function redirecting(
      map: Readonly<Record<string, string>>,
      more: Partial<HttpRequest>,
    ): Promise<[unknown, string[]]> {
      const asked: string[] = [];
      const result = await get(({ url = '' }, response) => {
        asked.push(url);
        const location = map[url];
        if (location === undefined) response.end('here');
        else response.writeHead(302, { location }).end();
      }, more);
      return [result.ok ? result.body.toString() : result.failure, asked];
    }

    it('is not followed by default', async () => {
      const [result, asked] = await redirecting({ '/': '/b' }, {});
      expect(result).toEqual({ reason: 'redirect', status: 302, location: '/b' });
      expect(asked).toEqual(['/']);
    });

    it('is followed on the same host, as often as allowed', async () => {
      const map = { '/': '/b', '/b': '/c' };
      expect(await redirecting(map, { maxRedirects: 2 })).toEqual(['here', ['/', '/b', '/c']]);
      expect((await redirecting(map, { maxRedirects: 1 }))[0]).toMatchObject({ location: '/c' });
    });

    it('leaves no connection behind, followed or not', async () => {
      const server = await startTcpServer((socket) => {
        socket.once('data', () => socket.write('HTTP/1.1 302 x\r\nLocation: /b\r\nContent-Length: 10\r\n\r\nx'));
      });
      cleanups.push(() => server.close());
      const result = await dialer().httpGet(`http://127.0.0.1:${server.port}/`, { ...request, maxRedirects: 1 });
      expect(result).toMatchObject(failed({ reason: 'redirect' }));
      await until(() => server.connections === 0, { timeoutMs: 1000 });
      expect(server.accepted).toBe(2);
    });

    it('in a circle comes to an end', async () => {
      const [result, asked] = await redirecting({ '/': '/b', '/b': '/' }, { maxRedirects: 5 });
      expect(result).toMatchObject({ reason: 'redirect' });
      expect(asked).toHaveLength(6);
    });

    it.each([
      'http://localhost:1/',
      'http://192.168.0.1/',
      'http://169.254.169.254/',
      'https://example.com/',
      'http://',
      'gopher://127.0.0.1/',
    ])('to %s is not followed', async (location) => {
      const [result, asked] = await redirecting({ '/': location }, { maxRedirects: 5 });
      expect(result).toMatchObject({ reason: expect.stringMatching(/^(?:redirect|blocked)$/) });
      expect(asked).toEqual(['/']);
    });

    it('is resolved and checked anew: the name may lead elsewhere now', async () => {
      const site = await website((_, response) => response.writeHead(302, { location: '/b' }).end());
      const answers = [['127.0.0.1'], ['169.254.169.254']];
      const { httpGet } = dialer({ lookup: () => Promise.resolve(answers.shift() ?? []) });
      const result = await httpGet(site.replace('127.0.0.1', 'relay.localhost'), { ...request, maxRedirects: 3 });
      expect(result).toEqual(failed({ reason: 'blocked', code: 'reserved-address' }));
    });
  });

  it('is aborted at once', async () => {
    const controller = new AbortController();
    const server = await startTcpServer(() => controller.abort());
    cleanups.push(() => server.close());
    const getting = dialer().httpGet(`http://127.0.0.1:${server.port}/`, { ...request, signal: controller.signal });
    expect(await getting).toEqual(failed({ reason: 'aborted' }));
    await until(() => server.connections === 0);
  });
});
