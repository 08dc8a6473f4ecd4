import { once } from 'node:events';
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { needs } from '@bigbrotr/testing';
import { findRedisBinary } from './find-redis-binary.js';
import type { RunningServer } from './running-server.js';
import { startRedis, type RedisOptions } from './start-redis.js';

needs('redis')('startRedis', () => {
  let home: string;
  let dataDir: string;
  let running: RunningServer[];

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'redis-'));
    await chmod(home, 0o755);
    dataDir = join(home, 'data', 'redis');
    running = [];
  });

  afterEach(async () => {
    for (const server of running) await server.stop();
    await rm(home, { recursive: true });
  });

  async function start(options: Partial<RedisOptions> = {}): Promise<RunningServer> {
    const server = await startRedis({ binary: findRedisBinary(process.env['PATH'])!, dataDir, ...options });
    running.push(server);
    return server;
  }

  it('serves on loopback, for those who know the password, and forgets no key of its own accord', async () => {
    const server = await start({ settings: { 'notify-keyspace-events': 'Ex' } });

    expect(server.version).toMatch(/^\d+\.\d+/);
    expect(await ask(server.port, ['SET a b'])).toContain('NOAUTH');
    const answer = await ask(server.port, [
      login(server),
      'CONFIG GET maxmemory-policy',
      'CONFIG GET bind',
      'CONFIG GET notify-keyspace-events',
    ]);
    expect(answer.split('\r\n')).toEqual(expect.arrayContaining(['noeviction', '127.0.0.1', 'xE']));
    expect((await stat(join(dataDir, 'redis.conf'))).mode & 0o777).toBe(0o600);
  }, 30_000);

  it('keeps what was written when it is stopped, and all but the last second when it is killed', async () => {
    const first = await start();
    await ask(first.port, [login(first), 'SET stopped yes']);
    await first.stop();
    expect(await first.exited).toEqual({ code: 0, expected: true });

    const second = await start();
    await ask(second.port, [login(second), 'SET killed yes', 'WAITAOF 1 0 2000']);
    process.kill(second.pid, 'SIGKILL');
    expect(await second.exited).toEqual({ code: 137, expected: false });

    const third = await start();
    expect(await ask(third.port, [login(third), 'MGET stopped killed'])).toContain('*2\r\n$3\r\nyes\r\n$3\r\nyes\r\n');
  }, 30_000);

  it('refuses a data directory that a live server holds', async () => {
    const first = await start();

    await expect(start()).rejects.toMatchObject({ code: 'data-dir-in-use', detail: { pid: first.pid } });
  }, 30_000);

  it('names a taken port', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;

    await expect(start({ port })).rejects.toMatchObject({ code: 'port-in-use', detail: { port } });
    taken.close();
  }, 30_000);

  it('tells about a program that is no Redis', async () => {
    await expect(start({ binary: '/bin/false' })).rejects.toMatchObject({ code: 'missing-binaries' });
  }, 30_000);
});

function login({ url }: RunningServer): string {
  return `AUTH ${new URL(url).password}`;
}

/** Inline commands, and everything that came back. */
async function ask(port: number, commands: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.end([...commands, 'QUIT', ''].join('\r\n'));
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}
