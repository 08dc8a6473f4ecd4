import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { queryOnce } from '@bigbrotr/testing';
import { serverAccount } from './run-as.js';
import type { RunningServer } from './running-server.js';
import { startPostgres, type PostgresOptions } from './start-postgres.js';

const isRoot = process.getuid?.() === 0;

describe('startPostgres', () => {
  let home: string;
  let dataDir: string;
  let running: RunningServer[];

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'postgres-'));
    await chmod(home, 0o755);
    dataDir = join(home, 'data', 'postgres');
    running = [];
  });

  afterEach(async () => {
    for (const server of running) await server.stop();
    await rm(home, { recursive: true });
  });

  async function start(options: Partial<PostgresOptions> = {}): Promise<RunningServer> {
    const server = await startPostgres({ dataDir, maxConnections: 20, settings: { fsync: 'off' }, ...options });
    running.push(server);
    return server;
  }

  it('serves on loopback, for those who know the password', async () => {
    const server = await start({ settings: { fsync: 'off', work_mem: '7MB' } });

    expect(server.version).toMatch(/^17\.\d+$/);
    expect(
      await queryOnce(
        server.url,
        "SELECT string_agg(setting, ' ' ORDER BY name) AS it FROM pg_settings WHERE name IN ('listen_addresses', 'max_connections', 'unix_socket_directories', 'work_mem')",
      ),
    ).toEqual([{ it: '127.0.0.1 20  7168' }]);
    await expect(queryOnce(server.url.replace(/:[^:@]+@/, ':wrong@'), 'SELECT 1')).rejects.toMatchObject({
      code: '28P01',
    });
    expect((await stat(join(dataDir, 'password'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(dataDir, 'data'))).mode & 0o777).toBe(0o700);
  }, 60_000);

  it('keeps the data between starts and tells a wanted end from an unwanted one', async () => {
    const first = await start();
    await queryOnce(first.url, 'CREATE TABLE kept AS SELECT 1 AS n');
    await first.stop();
    expect(await first.exited).toEqual({ code: 0, expected: true });

    const second = await start();
    await queryOnce(second.url, 'INSERT INTO kept VALUES (2)');
    process.kill(second.pid, 'SIGKILL');
    expect(await second.exited).toEqual({ code: 137, expected: false });

    const third = await start();
    expect(await queryOnce(third.url, 'SELECT n FROM kept ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }]);
  }, 60_000);

  it('refuses a data directory that a live server holds', async () => {
    const first = await start();

    await expect(start()).rejects.toMatchObject({ code: 'data-dir-in-use', detail: { pid: first.pid } });
    expect(await queryOnce(first.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  }, 60_000);

  it('is not fooled by a pid file whose number now belongs to somebody else', async () => {
    await (await start()).stop();
    // PostgreSQL itself sees through a process of another user, not through one of its own.
    const stranger = spawn('sleep', ['60'], { ...(await serverAccount()) });
    await writeFile(join(dataDir, 'data', 'postmaster.pid'), `${stranger.pid}\n${join(dataDir, 'data')}\n1\n`);

    await expect(start()).resolves.toBeDefined();
    stranger.kill();
  }, 60_000);

  it('names a taken port', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;

    await expect(start({ port })).rejects.toMatchObject({ code: 'port-in-use', detail: { port } });
    taken.close();
    await once(taken, 'close');
    expect((await start({ port })).port).toBe(port);
  }, 60_000);

  it('shows the reason when the server does not start', async () => {
    await expect(start({ settings: { fsync: 'off', no_such_setting: 1 } })).rejects.toMatchObject({
      code: 'start-failed',
      message: expect.stringContaining('no_such_setting'),
    });
  }, 60_000);

  it('lets an unfinished start be given up', async () => {
    await start().then((server) => server.stop());
    const reason = new Error('changed my mind');

    await expect(start({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(start()).resolves.toBeDefined();
  }, 60_000);

  it.each(['data/postgres', 'data'])('refuses a data directory when %s is a file', async (name) => {
    await mkdir(dirname(join(home, name)), { recursive: true });
    await writeFile(join(home, name), '');

    await expect(start()).rejects.toMatchObject({ code: 'data-dir-not-writable' });
  });

  it('refuses the data of another version', async () => {
    await mkdir(join(dataDir, 'data'), { recursive: true });
    await writeFile(join(dataDir, 'data', 'PG_VERSION'), '16\n');
    await chmod(join(home, 'data'), 0o755);

    await expect(start()).rejects.toMatchObject({ code: 'data-dir-incompatible', detail: { major: '16' } });
  });

  it("names a directory above the data that keeps root's server out, and lets its owner in", async () => {
    await mkdir(join(home, 'data'), { mode: 0o700 });
    const started = start();

    if (isRoot) await expect(started).rejects.toMatchObject({ code: 'data-dir-not-writable' });
    else await expect(started).resolves.toBeDefined();
  }, 60_000);

  it('hands none of our environment to the server: it holds secrets', async () => {
    const server = await start();
    const environment = process.platform === 'linux' ? await readFile(`/proc/${server.pid}/environ`, 'utf8') : '';
    const names = environment.split('\0').map((line) => line.split('=')[0]!);

    expect(names.filter((name) => !['', '_', 'PATH', 'LC_ALL', 'TZ', 'PWD', 'OLDPWD', 'SHLVL'].includes(name))).toEqual(
      [],
    );
  }, 60_000);
});
