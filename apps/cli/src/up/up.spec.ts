import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createEventFactory, startScriptedRelay, until, type ScriptedRelay } from '@bigbrotr/testing';
import pg from 'pg';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const EVENTS = createEventFactory({ seed: 11 }).many(700);

interface RunJson {
  readonly pid: number;
  readonly databaseUrl: string;
  readonly apiUrl: string;
}

describe('bigbrotr up', () => {
  const children = new Set<ChildProcess>();
  let home: string;
  let relay: ScriptedRelay;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'bigbrotr-up-'));
    // Root's servers run as nobody and have to get in.
    await chmod(home, 0o755);
    relay = await startScriptedRelay({ events: EVENTS, temper: { cap: 200 } });
    await writeFile(join(home, 'seeds.txt'), `# ours\n${relay.url}  # the only one\nnot a relay\n`);
    await writeFile(
      join(home, 'config.yaml'),
      'networks: { clearnet: { enabled: false }, local: { enabled: true } }\nseeder: { file: seeds.txt }\napi: { port: 0 }\ndispatcher: { interval: 1s }\n',
    );
  }, 30_000);

  afterEach(async () => {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    children.clear();
  });

  afterAll(async () => {
    await relay.close();
    await rm(home, { recursive: true, force: true });
  });

  function start(args: readonly string[] = []): {
    child: ChildProcess;
    said: () => string;
    ended: Promise<number | null>;
  } {
    const { PATH = '', HOME = '' } = process.env;
    const env = { PATH, HOME, BIGBROTR_DATA_DIR: join(home, 'data') };
    const child = spawn(process.execPath, [MAIN, 'up', '--config', 'config.yaml', ...args], {
      cwd: home,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
    return { child, said: () => text, ended: once(child, 'exit').then(() => child.exitCode) };
  }

  async function readRun(): Promise<RunJson | undefined> {
    const text = await readFile(join(home, 'data/run.json'), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as RunJson);
  }

  async function running(pid: number | undefined): Promise<RunJson> {
    await until(async () => (await readRun())?.pid === pid, { timeoutMs: 60_000 });
    return (await readRun())!;
  }

  async function countEvents({ databaseUrl }: RunJson): Promise<number> {
    const client = new pg.Client(databaseUrl);
    await client.connect();
    try {
      return Number((await client.query<{ n: string }>('SELECT count(*) AS n FROM event_seen')).rows[0]!.n);
    } finally {
      await client.end();
    }
  }

  it('archives a relay of its own accord, tells where it is, and keeps what it has over a stop and a kill', async () => {
    const first = start();
    const run = await running(first.child.pid);
    expect((await stat(join(home, 'data/run.json'))).mode & 0o777).toBe(0o600);
    await until(async () => (await countEvents(run)) === EVENTS.length, { timeoutMs: 60_000 });

    for (const [path, told] of [
      ['/healthz', 'ok'],
      ['/readyz', 'ready'],
      ['/metrics', 'bigbrotr_events_total{verdict="stored"} 700'],
      ['/queues', '<html'],
    ] as const) {
      const answer = await fetch(run.apiUrl + path);
      expect([path, answer.status]).toEqual([path, 200]);
      expect(await answer.text()).toContain(told);
    }

    const second = start();
    expect(await second.ended).toBe(2);
    expect(second.said()).toContain(`pid ${run.pid}`);

    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(0);
    expect(await readRun()).toBeUndefined();

    const third = start();
    const again = await running(third.child.pid);
    expect(await countEvents(again)).toBe(EVENTS.length);
    third.child.kill('SIGKILL');
    await third.ended;

    const fourth = start(['--once']);
    const last = await running(fourth.child.pid);
    expect(await countEvents(last)).toBe(EVENTS.length);
    expect(await fourth.ended).toBe(0);
  }, 180_000);

  it('names a port that is taken and what to do, and leaves no server behind', async () => {
    const port = new URL(relay.url).port;
    await writeFile(
      join(home, 'taken.yaml'),
      `networks: { clearnet: { enabled: false }, local: { enabled: true } }\nseeder: { file: seeds.txt }\napi: { port: ${port} }\n`,
    );

    const ended = start(['--config', 'taken.yaml']);

    expect(await ended.ended).toBe(2);
    expect(ended.said()).toContain(port);
    expect(ended.said()).toMatch(/in use/);
  }, 60_000);
});
