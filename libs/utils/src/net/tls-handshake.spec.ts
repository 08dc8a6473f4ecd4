import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createSecureContext } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { parseRelayUrl, type RelayUrl } from '@bigbrotr/models';
import { startTcpServer } from '@bigbrotr/testing';
import { connectTcp } from './connect-tcp.js';
import { createDialer } from './dialer.js';
import { handshakeTls } from './tls-handshake.js';

const fixture = (name: string): Buffer => readFileSync(new URL(`fixtures/${name}.pem`, import.meta.url));
const network = { enabled: true, timeoutMs: 1000 };
const options = { networks: { clearnet: network, tor: network, i2p: network, loki: network, local: network } };
const lookup = (): Promise<string[]> => Promise.resolve(['127.0.0.1']);
const trusting = createDialer(options, { lookup, secureContext: createSecureContext({ ca: fixture('ca') }) });
const signal = new AbortController().signal;
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

afterAll(() => trusting.close());

function url(host: string, port: number): RelayUrl {
  const parsed = parseRelayUrl(`wss://${host}:${port}`, { local: true });
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.url;
}

interface Seen {
  readonly port: number;
  readonly requests: string[];
  readonly names: (string | false | null)[];
}

/** A relay with this certificate that also tells which requests and which names reached it. */
async function relay(certificate: string): Promise<Seen> {
  const server = createServer({ key: fixture('leaf-key'), cert: fixture(certificate) }, (request, response) => {
    requests.push(request.method ?? '');
    response.end('{}');
  });
  const requests: string[] = [];
  const names: (string | false | null)[] = [];
  server.on('secureConnection', (socket) => names.push(socket.servername));
  const relay = new WebSocketServer({ server });
  relay.on('connection', (_, request) => requests.push(request.headers.host ?? ''));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(
    () =>
      new Promise((resolve) => {
        for (const client of relay.clients) client.terminate();
        server.close(resolve);
        server.closeAllConnections();
      }),
  );
  return { port: (server.address() as AddressInfo).port, requests, names };
}

describe('handshakeTls', () => {
  it('tells about a valid certificate, and keeps the name in SNI and Host', async () => {
    const { port, requests, names } = await relay('valid');
    const result = await trusting.dial(url('relay.localhost', port), { signal });
    if (!result.ok) throw new Error(JSON.stringify(result.failure));
    expect(result.socket.opening).toMatchObject({
      address: '127.0.0.1',
      port,
      tls: { authorized: true, protocol: 'TLSv1.3', cipher: expect.stringMatching(/^TLS_/) },
    });
    expect(result.socket.opening.tls).not.toHaveProperty('reason');
    const certificate = new X509Certificate(result.socket.opening.tls?.certificate ?? '');
    expect(certificate.subject).toBe('CN=valid');
    expect(requests).toEqual([`relay.localhost:${port}`]);
    expect(names).toEqual(['relay.localhost']);
  });

  it('checks an address against the certificate, and sends no SNI for it', async () => {
    const { port, names } = await relay('valid');
    expect(await trusting.dial(url('127.0.0.1', port), { signal })).toMatchObject({ ok: true });
    expect(names).toEqual([false]);
  });

  it.each([
    ['expired', 'CERT_HAS_EXPIRED'],
    ['not-yet-valid', 'CERT_NOT_YET_VALID'],
    ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['wrong-host', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('refuses one that is %s before a byte is sent, and tells what it saw', async (certificate, code) => {
    const { port, requests } = await relay(certificate);
    const result = await trusting.dial(url('localhost', port), { signal });
    expect(result).toMatchObject({
      ok: false,
      failure: { reason: 'tls', code },
      tls: { authorized: false, reason: code },
    });
    const der = result.ok ? undefined : result.tls?.certificate;
    expect(new X509Certificate(der ?? '').subject).toBe(`CN=${certificate}`);

    const answer = await trusting.httpGet(`https://localhost:${port}/`, { signal, timeoutMs: 1000, maxBytes: 100 });
    expect(answer).toEqual({ ok: false, failure: { reason: 'tls', code } });
    expect(requests).toEqual([]);
  });

  it('does not trust the test CA by default', async () => {
    const { port } = await relay('valid');
    const { dial } = createDialer(options, { lookup });
    const result = await dial(url('localhost', port), { signal });
    expect(result).toMatchObject({ ok: false, failure: { reason: 'tls', code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' } });
  });

  it('gives the place of a refused connection back', async () => {
    const { port } = await relay('expired');
    const { dial } = createDialer({ ...options, limits: { socketsPerIp: 1, maxWaitMs: 1000 } }, { lookup });
    for (let tried = 0; tried < 3; tried += 1) {
      expect(await dial(url('localhost', port), { signal })).toMatchObject({ failure: { reason: 'tls' } });
    }
  });

  it('goes on with an invalid one when told to, verdict included', async () => {
    const { port, requests } = await relay('expired');
    const result = await trusting.dial(url('localhost', port), { signal, allowInsecure: true });
    expect(result.ok && result.socket.opening.tls).toMatchObject({ authorized: false, reason: 'CERT_HAS_EXPIRED' });
    const request = { signal, timeoutMs: 1000, maxBytes: 100, allowInsecure: true };
    expect(await trusting.httpGet(`https://localhost:${port}/`, request)).toMatchObject({ ok: true, status: 200 });
    expect(requests).toEqual([`localhost:${port}`, 'GET']);
  });

  it('gives a socket that nobody has to listen to', async () => {
    const { port } = await relay('valid');
    const raw = await connectTcp('127.0.0.1', port, signal);
    expect(() => raw.emit('error', new Error('late'))).not.toThrow();
    const { socket } = await handshakeTls(raw, 'localhost', undefined, signal);
    expect(() => socket.emit('error', new Error('late'))).not.toThrow();
    socket.destroy();
  });

  it('ends when the server never shakes hands', async () => {
    const server = await startTcpServer(() => undefined);
    cleanups.push(() => server.close());
    const result = await trusting.dial(url('localhost', server.port), { signal, timeoutMs: 200 });
    expect(result).toEqual({ ok: false, failure: { reason: 'timeout', code: 'tls' } });
  });

  it('knows a server that speaks no TLS', async () => {
    const server = await startTcpServer((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
    cleanups.push(() => server.close());
    const result = await trusting.dial(url('localhost', server.port), { signal });
    expect(result).toMatchObject({ ok: false, failure: { reason: 'tls' } });
  });

  it('knows a server that hangs up', async () => {
    const server = await startTcpServer((socket) => socket.once('data', () => socket.destroy()));
    cleanups.push(() => server.close());
    const result = await trusting.dial(url('localhost', server.port), { signal });
    expect(result).toEqual({ ok: false, failure: { reason: 'reset', code: 'ECONNRESET' } });
  });
});
