import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { Comparison } from './compare.js';
import { runDemo } from './run-demo.js';

const DEADLINE_MS = 300_000;

describe('demo', () => {
  const output: string[] = [];
  const chatter: string[] = [];
  let scratch: string;
  let before: Comparison;
  let after: Comparison;
  let exitCode: number;

  /** One run for all: first the archive as it is, then with one sighting less. */
  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'demo-spec-'));
    await chmod(scratch, 0o755);
    exitCode = await runDemo(
      {
        once: true,
        beforeCompare: async (archive) => {
          before = await archive.check();
          await archive.pool.query('DELETE FROM event_seen WHERE ctid = (SELECT ctid FROM event_seen LIMIT 1)');
          after = await archive.check();
        },
      },
      {
        env: {
          ...process.env,
          TMPDIR: scratch,
          DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
          BIGBROTR_CONFIG: '/nowhere',
        },
        cwd: process.cwd(),
        stdin: Readable.from([]),
        stdout: { write: (text) => void output.push(text) },
        stderr: { write: (text) => void chatter.push(text) },
      },
    );
  }, DEADLINE_MS);

  afterAll(() => rm(scratch, { recursive: true, force: true }));

  it('archives every event of every relay, with every relay that holds it', () => {
    expect(before.events).toEqual({
      expected: before.events.expected,
      found: before.events.expected,
      missing: [],
      altered: [],
      invented: [],
    });
    expect(before.provenance).toMatchObject({ found: before.provenance.expected, missing: [], invented: [] });
    expect(before.events.found).toBeGreaterThan(5_000);
    expect(before.provenance.found).toBeGreaterThan(10_000);
  });

  it('judges every endpoint rightly', () => {
    expect(before.endpoints.map(({ name, verdict }) => [name, verdict])).toEqual([
      ['harbour', 'online'],
      ['lighthouse', 'online'],
      ['quay', 'online'],
      ['island', 'online'],
      ['narrows', 'online'],
      ['customs', 'auth'],
      ['parrot', 'not_nostr'],
      ['wreck', 'unreachable'],
    ]);
    expect(before.ok).toBe(true);
  });

  it('fails when a single sighting is gone', () => {
    expect(after).toMatchObject({ ok: false, events: before.events, verdicts: before.verdicts });
    expect(after.provenance.missing).toHaveLength(1);
    expect(exitCode).toBe(1);
    const { found, expected } = before.events;
    const pairs = before.provenance.expected;
    expect(output.join('').trimEnd().split('\n').at(-1)).toBe(
      `demo: failed events=${found}/${expected} provenance=${pairs - 1}/${pairs} verdicts=8/8`,
    );
  });

  it('keeps what failed, for a look, and shows how the pipeline ended', async () => {
    const [home] = await readdir(scratch);

    expect(existsSync(join(scratch, home!, 'up.log'))).toBe(true);
    expect(chatter.join('')).toContain(`kept in ${join(scratch, home!)}`);
    expect(output.join('')).not.toContain('exit code');
    expect(output.join('')).toMatch(/peak memory of up \d+ MB/);
  });
});
