import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findRedisBinary } from './find-redis-binary.js';

describe('findRedisBinary', () => {
  let redis: string;
  let valkey: string;
  let broken: string;

  beforeAll(async () => {
    [redis, valkey, broken] = (await Promise.all(
      ['redis-', 'valkey-', 'broken-'].map((name) => mkdtemp(join(tmpdir(), name))),
    )) as [string, string, string];
    await writeFile(join(redis, 'redis-server'), '', { mode: 0o755 });
    await writeFile(join(valkey, 'valkey-server'), '', { mode: 0o755 });
    await writeFile(join(broken, 'redis-server'), '', { mode: 0o644 });
  });

  afterAll(async () => {
    for (const directory of [redis, valkey, broken]) await rm(directory, { recursive: true });
  });

  it('prefers redis, takes valkey, and only what can be run', () => {
    expect(findRedisBinary(`${valkey}:/nowhere:${redis}`)).toBe(join(redis, 'redis-server'));
    expect(findRedisBinary(`${broken}::${valkey}`)).toBe(join(valkey, 'valkey-server'));
    expect(findRedisBinary(broken)).toBeUndefined();
    expect(findRedisBinary('')).toBeUndefined();
    expect(findRedisBinary(undefined)).toBeUndefined();
  });
});
