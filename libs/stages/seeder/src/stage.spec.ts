import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  appConfigSchema,
  claimPeriodicTasks,
  createBus,
  createHandOver,
  createJobRequest,
  createLogger,
  createPool,
  migrate,
  migrateQueueSchema,
  openQueueBackend,
  type Bus,
  type JobContext,
  type Outcome,
  type Pool,
  type QueueBackend,
} from '@bigbrotr/core';
import { createTestDatabase, type TestDatabase } from '@bigbrotr/testing';

import { SeedFileError } from './seed-file-error.js';
import { seederStage } from './stage.js';

describe('seederStage', () => {
  let database: TestDatabase;
  let pool: Pool;
  let backend: QueueBackend;
  let bus: Bus;
  let folder: string;
  let file: string;
  const lines: string[] = [];
  const log = createLogger({ level: 'info', pretty: false }, { destination: { write: (line) => lines.push(line) } });
  const { networks } = appConfigSchema([]).parse({});
  const context: JobContext = {
    queue: 'seed',
    jobId: 'j',
    attempt: 1,
    stalls: 0,
    interactive: false,
    deadlineAt: Infinity,
    progress: () => Promise.resolve(),
  };

  beforeAll(async () => {
    database = await createTestDatabase(migrate);
    pool = createPool(
      {
        url: database.url,
        max: 8,
        connectTimeoutMs: 5_000,
        statementTimeoutMs: 20_000,
        idleTimeoutMs: 5_000,
        applicationName: 'spec',
      },
      () => undefined,
    );
    await migrateQueueSchema(pool);
    backend = await openQueueBackend({ backend: 'postgres', pool }, { log });
    bus = createBus(backend);
    folder = await mkdtemp(join(tmpdir(), 'seeder-'));
    file = join(folder, 'relays.txt');
  });

  afterAll(async () => {
    await backend.close();
    await pool.end();
    await database.drop();
    await rm(folder, { recursive: true });
  });

  beforeEach(async () => {
    await pool.query('TRUNCATE candidates, candidate_sources, periodic_tasks');
    await backend.queue('validate-clearnet').obliterate({ force: true });
    lines.length = 0;
  });

  const modules = () => ({ pool, handOver: createHandOver(bus, log), networks, log, now: () => 5_000 });
  const start = (path = file) => seederStage.start({ seeder: { file: path } }, modules());

  /** What the dispatcher and the queue would do with what is due. */
  async function run(): Promise<Outcome[]> {
    const running = await start();
    const outcomes: Outcome[] = [];
    for (const key of await claimPeriodicTasks(pool, 'seeder', 10, 60_000)) {
      const [hash, path] = key.split(' ');
      outcomes.push(await handle(running, { v: 1, hash, file: path }));
    }
    return outcomes;
  }

  function handle(
    running: Awaited<ReturnType<typeof start>>,
    payload: object,
    signal = new AbortController().signal,
  ): Promise<Outcome> {
    return running.registrations[0]!.run(payload, context, signal);
  }

  async function candidates(): Promise<string[]> {
    const { rows } = await pool.query<{ url: string }>('SELECT url FROM candidates ORDER BY url');
    return rows.map((r) => r.url);
  }

  it('makes candidates of the file, once each, counts junk by its reason, and hands over what its networks allow', async () => {
    await writeFile(
      file,
      '# ours\r\nwss://a.example.com\r\nWSS://A.example.com:443/\r\nhttps://b.example.com\r\nws://127.0.0.1\r\nws://stuff.i2p\r\n',
    );

    expect(await run()).toEqual([{ kind: 'done', result: 'seeded' }]);

    expect(await candidates()).toEqual(['ws://stuff.i2p', 'wss://a.example.com']);
    expect((await pool.query('SELECT DISTINCT source FROM candidate_sources')).rows).toEqual([
      { source: 'seed:relays.txt' },
    ]);
    const said = JSON.parse(lines.join('')) as { lines: number; added: number; rejected: Record<string, number> };
    expect(said).toMatchObject({ lines: 5, added: 2 });
    expect(Object.values(said.rejected)).toEqual([1, 1]);
    expect(said.rejected).toMatchObject({ scheme: 1 });
    const counts = await bus.counts(['validate-clearnet', 'validate-i2p']);
    expect([...counts.values()].map((c) => c.waiting)).toEqual([1, 0]);
  });

  it('reads thousands of lines in batches, and hands over no more than the queue wants', async () => {
    await writeFile(file, Array.from({ length: 3_210 }, (_, i) => `wss://r${i}.example.com`).join('\n'));

    await run();

    expect(await candidates()).toHaveLength(3_210);
    expect((await bus.counts(['validate-clearnet'])).get('validate-clearnet')?.waiting).toBe(500);
  });

  it('does not read a list again that it has read, but one with another content', async () => {
    await writeFile(file, 'wss://a.example.com');
    expect(await run()).toHaveLength(1);
    expect(await run()).toEqual([]);

    await writeFile(file, 'wss://a.example.com\nwss://b.example.com');

    expect(await run()).toHaveLength(1);
    expect(await candidates()).toEqual(['wss://a.example.com', 'wss://b.example.com']);
  });

  it('says which file is missing and what to do about it', async () => {
    const starting = start(join(folder, 'no-such-list.txt'));

    await expect(starting).rejects.toThrow(SeedFileError);
    await expect(starting).rejects.toThrow(/no-such-list\.txt cannot be read\. Check seeder\.file/);
  });

  it('fails as a fault of ours when the file is gone since the start, and stays due', async () => {
    await writeFile(file, 'wss://gone.example.com');
    const running = await start();
    await rm(file);

    await expect(handle(running, { v: 1, hash: 'a'.repeat(64), file })).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await claimPeriodicTasks(pool, 'seeder', 10, 60_000)).toHaveLength(1);
  });

  it('stops between lines when it is told to', async () => {
    await writeFile(file, 'wss://a.example.com');
    const running = await start();

    const job = handle(running, { v: 1, hash: 'a'.repeat(64), file }, AbortSignal.abort(new Error('shutdown')));

    await expect(job).rejects.toThrow('shutdown');
    expect(await candidates()).toEqual([]);
  });

  it("seeds a request's own list", async () => {
    await writeFile(file, '');
    const running = await start();
    const made = await createJobRequest(pool, { kind: 'seed', urls: ['wss://asked.example.com', 'nonsense'] });
    const requestId = made.ok ? made.request.id : '';

    const outcome = await handle(running, { v: 1, hash: 'b'.repeat(64), requestId });

    expect(outcome).toEqual({ kind: 'done', result: 'seeded' });
    expect(await candidates()).toEqual(['wss://asked.example.com']);
  });

  it('gives a job up whose list is nowhere', async () => {
    await writeFile(file, '');
    const running = await start();
    const other = await createJobRequest(pool, { kind: 'find', source: 'x' });
    const ids = ['00000000-0000-4000-8000-000000000000', other.ok ? other.request.id : ''];

    for (const requestId of ids) {
      expect(await handle(running, { v: 1, hash: 'b'.repeat(64), requestId })).toMatchObject({ kind: 'fatal' });
    }
  });

  it('reads the list that it ships when none is named', async () => {
    await seederStage.start({ seeder: {} }, modules());

    const { rows } = await pool.query<{ key: string }>('SELECT key FROM periodic_tasks');
    expect(rows).toEqual([{ key: expect.stringMatching(/^[0-9a-f]{64} .*seed-relays\.txt$/) }]);
  });
});
