import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { breakId, breakSignature, createEventFactory, createTestDatabase, type TestDatabase } from '@bigbrotr/testing';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

// Processes start slowly on a busy machine.
jest.setTimeout(60_000);

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

describe('the bigbrotr command', () => {
  let directory: string;
  let empty: TestDatabase;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bigbrotr-cli-'));
    empty = await createTestDatabase(() => Promise.resolve(), { key: 'empty' });
  });

  afterAll(async () => {
    await empty.drop();
    await rm(directory, { recursive: true, force: true });
  });

  /** The compiled command as a process of its own, without any of our variables. */
  function run(
    args: readonly string[],
    { input = '', env = {} }: { input?: string; env?: Record<string, string> } = {},
  ): Promise<Ended> {
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: directory,
      env: { PATH, HOME, ...env },
      timeout: 60_000,
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.stdin.end(input);
    return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
  }

  const jsonLines = (text: string): unknown[] =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);

  it('parses relay URLs, one line out for one line in', async () => {
    const input = 'wss://Relay.Example.com/\n\nhttp://x.example\r\nws://127.0.0.1:7777\nwss://b.example.com';

    const piped = await run(['relays', 'parse', '--json'], { input });
    const named = await run(['relays', 'parse', '--json', '--local', 'ws://127.0.0.1:7777']);

    expect(piped.code).toBe(0);
    expect(jsonLines(piped.out)).toEqual([
      { input: 'wss://Relay.Example.com/', url: 'wss://relay.example.com', network: 'clearnet' },
      { input: '', rejected: 'empty' },
      { input: 'http://x.example', rejected: 'scheme' },
      { input: 'ws://127.0.0.1:7777', rejected: 'local' },
      { input: 'wss://b.example.com', url: 'wss://b.example.com', network: 'clearnet' },
    ]);
    expect(jsonLines(named.out)).toEqual([
      { input: 'ws://127.0.0.1:7777', url: 'ws://127.0.0.1:7777', network: 'local' },
    ]);
  });

  it('judges events by NIP-01, one line out for one line in', async () => {
    const factory = createEventFactory({ seed: 5 });
    const [good, forged, unsigned] = [factory.event(), factory.event(), factory.event()];
    const file = join(directory, 'events.jsonl');
    await writeFile(
      file,
      [
        JSON.stringify(good),
        JSON.stringify(breakId(forged)),
        JSON.stringify(breakSignature(unsigned)),
        '',
        '{"id":1}',
      ].join('\n') + '\n',
    );

    const ended = await run(['events', 'verify', file, '--json']);

    expect(ended.code).toBe(0);
    expect(jsonLines(ended.out)).toEqual([
      { id: good.id, verdict: 'ok' },
      { verdict: 'rejected', reason: 'wrong-id' },
      { verdict: 'rejected', reason: 'bad-signature' },
      { verdict: 'rejected', reason: 'not-json' },
      { verdict: 'rejected', reason: 'id' },
    ]);
  });

  it('migrates an empty database, and tells roles that find one to ask for that', async () => {
    const env = { DATABASE_URL: empty.url };

    const before = await run(['status'], { env });
    const migrated = await run(['migrate'], { env });
    const after = await run(['status', '--json'], { env });

    expect(before).toMatchObject({ code: 2, err: expect.stringContaining('bigbrotr migrate') });
    expect(migrated.code).toBe(0);
    expect(after.code).toBe(0);
    expect(JSON.parse(after.out)).toMatchObject({ relays: 0, events: 0, candidates: 0 });
  });

  it.each([
    ['an unknown command', ['upp'], 'Did you mean up?'],
    ['an unknown option', ['status', '--jsn'], 'Did you mean --json?'],
    ['a stage that is not there', ['worker', '--stages', 'monitr'], 'No stage is called monitr'],
    ['a list that is not there', ['events', 'verify', 'nowhere.jsonl'], 'nowhere.jsonl cannot be read: ENOENT'],
  ])('answers %s with one line and exit code 2', async (_, args, told) => {
    const ended = await run(args);

    expect(ended).toMatchObject({ code: 2, err: expect.stringContaining(told) });
    expect(ended.err).not.toMatch(/\n\s+at /);
  });

  it('names an unknown key of the configuration, where it stands and what was meant', async () => {
    await writeFile(join(directory, 'bad.yaml'), 'networks:\n  clearnet:\n    maxTask: 5\n');

    const ended = await run(['worker', '--config', 'bad.yaml']);

    expect(ended.code).toBe(2);
    expect(ended.err).toMatch(/networks\.clearnet\.maxTask.*bad\.yaml:3.*maxTasks/);
  });

  it.each([
    [
      'the database',
      { DATABASE_URL: 'postgres://me:hunter2@127.0.0.1:1/db', REDIS_URL: 'redis://127.0.0.1:1' },
      'PostgreSQL at 127.0.0.1:1/db does not answer',
    ],
    ['any database', {}, 'DATABASE_URL'],
  ])('answers the absence of %s with one line and exit code 3', async (_, env, told) => {
    const ended = await run(['worker'], { env });

    expect(ended).toMatchObject({ code: 3, err: expect.stringContaining(told) });
    expect(ended.err).not.toContain('hunter2');
  });

  it('shows help as an answer, not as an error', async () => {
    expect(await run(['--help'])).toMatchObject({ code: 0, err: '', out: expect.stringContaining('Usage: bigbrotr') });
  });
});
