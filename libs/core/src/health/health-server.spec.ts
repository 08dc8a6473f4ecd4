import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { createLogger, type Logger } from '../logging/logger.js';
import { createRegistry } from '../metrics/registry.js';
import { startHealthServer, type HealthServer } from './health-server.js';
import { ListenError } from './listen-error.js';
import type { ReadinessCheck } from './readiness.js';

describe('startHealthServer', () => {
  let lines: string[];
  let log: Logger;
  let isUp: boolean;
  let probes: number;
  let release: (() => void) | undefined;
  let server: HealthServer;

  const database: ReadinessCheck = {
    probe: async () => {
      probes++;
      if (release) await new Promise<void>((resolve) => (release = resolve));
      if (!isUp) throw new Error('select 1 failed on db.internal');
    },
  };

  beforeEach(async () => {
    lines = [];
    log = createLogger({ level: 'info', pretty: false }, { destination: { write: (line) => lines.push(line) } });
    isUp = true;
    probes = 0;
    release = undefined;
    server = await startHealthServer(
      { host: '127.0.0.1', port: 0, patienceMs: 500 },
      { registry: createRegistry(), checks: { database }, log },
    );
  });

  afterEach(async () => {
    await server.close();
  });

  function ask(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`http://127.0.0.1:${server.port}${path}`, init);
  }

  /** What a raw client gets until it is hung up on. */
  async function talk(...sent: string[]): Promise<string> {
    const socket = await open();
    let received = '';
    socket.on('data', (data: Buffer) => (received += data.toString()));
    for (const text of sent) socket.write(text);
    await once(socket, 'close');
    return received;
  }

  async function open(): Promise<Socket> {
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined); // a reset is one way of hanging up
    await once(socket, 'connect');
    return socket;
  }

  it('says that the process is alive, whatever it depends on', async () => {
    isUp = false;

    const response = await ask('/healthz?from=probe');

    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
    expect(probes).toBe(0);
  });

  it('is ready while its checks pass', async () => {
    const response = await ask('/readyz');

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toMatchObject({ status: 'ready', checks: { database: { ok: true } } });
  });

  it('is unready with 503, and tells strangers no more than a code', async () => {
    isUp = false;

    const response = await ask('/readyz');
    const text = await response.text();

    expect(response.status).toBe(503);
    expect(JSON.parse(text)).toMatchObject({ status: 'unready', checks: { database: { ok: false, reason: 'error' } } });
    expect(text).not.toContain('db.internal');
  });

  it('logs a check when it begins to fail and when it passes again, not every time', async () => {
    isUp = false;
    await ask('/readyz');
    await ask('/readyz');
    isUp = true;
    await ask('/readyz');
    await ask('/readyz');

    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
      'readiness check fails',
      'readiness check passes again',
    ]);
    expect(lines[0]).toContain('db.internal');
  });

  it('probes once for everybody who asks at the same time', async () => {
    release = () => undefined;
    const asking = Promise.all(Array.from({ length: 20 }, () => ask('/readyz')));
    await until(() => probes > 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    release();

    const statuses = (await asking).map((response) => response.status);

    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(probes).toBe(1);
  });

  it('serves the metrics', async () => {
    const response = await ask('/metrics');

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    expect(await response.text()).toContain('bigbrotr_process_cpu_seconds_total');
  });

  it('answers HEAD with the headers of GET alone', async () => {
    const response = await ask('/healthz', { method: 'HEAD' });

    expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([200, '16', '']);
  });

  it.each([
    ['/', 'GET', 404, null],
    ['/healthz/', 'GET', 404, null],
    ['/__proto__', 'GET', 404, null],
    ['/nothing', 'DELETE', 404, null],
    ['/readyz', 'POST', 405, 'GET, HEAD'],
  ])('answers %s %s with %d', async (path, method, status, allow) => {
    const response = await ask(path, { method });

    expect([response.status, response.headers.get('allow')]).toEqual([status, allow]);
    expect(await response.json()).toMatchObject({ type: 'about:blank', status });
  });

  it('refuses headers that are too large', async () => {
    expect(await talk('GET /healthz HTTP/1.1\r\nhost: x\r\n', `x: ${'y'.repeat(9000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431 /,
    );
  });

  it('hangs up on what is no HTTP', async () => {
    expect(await talk('\u0016\u0003\u0001 hello\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
  });

  it('hangs up on a client that never finishes its headers', async () => {
    const socket = await open();
    const drip = setInterval(() => socket.write('x-drip: 1\r\n'), 50);
    socket.write('GET /healthz HTTP/1.1\r\n');
    const started = performance.now();

    await once(socket.resume(), 'close');
    clearInterval(drip);

    expect(performance.now() - started).toBeLessThan(3000);
  });

  it('hangs up on a client that never speaks', async () => {
    const started = performance.now();

    await talk();

    expect(performance.now() - started).toBeLessThan(3000);
  });

  it('hangs up where nothing moves either way', async () => {
    release = () => undefined; // the check hangs until its deadline, which is later than the socket's

    await expect(ask('/readyz')).rejects.toThrow('fetch failed');
  });

  it('names the port that is in use, and what to do', async () => {
    const second = startHealthServer(
      { host: '127.0.0.1', port: server.port },
      { registry: createRegistry(), checks: {}, log },
    );

    await expect(second).rejects.toThrow(ListenError);
    await expect(second).rejects.toMatchObject({
      code: 'port-in-use',
      recovery: 'shut-down',
      message: `Port ${server.port} on 127.0.0.1 is in use. Stop the program that has it, or set PORT (api.port) to a free one.`,
      detail: { host: '127.0.0.1', port: server.port },
    });
  });

  it('names an address that this machine has not', async () => {
    const nowhere = startHealthServer({ host: '192.0.2.1', port: 0 }, { registry: createRegistry(), checks: {}, log });

    await expect(nowhere).rejects.toMatchObject({ code: 'address-unavailable' });
  });

  it('lets a running answer end when it closes, and frees the port', async () => {
    release = () => undefined;
    const asking = ask('/readyz');
    await until(() => probes > 0);

    const closing = server.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    release();

    expect((await asking).status).toBe(200);
    await closing;
    await expect(ask('/healthz')).rejects.toThrow();
  });

  it('does not wait for a client that says nothing', async () => {
    const socket = await open();
    socket.write('GET /readyz HTTP/1.1\r\n');
    const started = performance.now();

    await Promise.all([server.close(), server.close()]);

    expect(performance.now() - started).toBeLessThan(2000);
  });
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('condition not met');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
