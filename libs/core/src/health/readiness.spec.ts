import { AppError } from '@bigbrotr/models';
import { describe, expect, it } from '@jest/globals';

import { readiness, type ReadinessCheck } from './readiness.js';

class TestFault extends AppError<'unreachable'> {
  readonly code = 'unreachable';
  readonly recovery = 'retry';
}

const passes: ReadinessCheck = { probe: () => Promise.resolve() };
const fails: ReadinessCheck = { probe: () => Promise.reject(new TestFault('postgres://secret@host does not answer')) };
const hangs: ReadinessCheck = { probe: () => new Promise(() => undefined) };
const throws: ReadinessCheck = {
  probe: () => {
    throw new TypeError('bug');
  },
};

describe('readiness', () => {
  it.each([
    ['ready', {}],
    ['ready', { database: passes, queue: passes }],
    ['degraded', { database: passes, queue: { ...fails, optional: true } }],
    ['unready', { database: fails, queue: { ...passes, optional: true } }],
    ['unready', { database: fails, queue: { ...fails, optional: true } }],
    ['unready', { database: hangs }],
    ['unready', { database: throws }],
  ] as const)('is %s', async (status, checks) => {
    expect((await readiness(checks, { deadlineMs: 20 })).status).toBe(status);
  });

  it('names each check with the code of its failure, and nothing of its message', async () => {
    const answer = await readiness({ a: passes, b: fails, c: hangs, d: throws }, { deadlineMs: 20 });

    expect(answer.checks).toEqual({
      a: { ok: true, ms: expect.any(Number) },
      b: { ok: false, ms: expect.any(Number), reason: 'unreachable' },
      c: { ok: false, ms: expect.any(Number), reason: 'deadline' },
      d: { ok: false, ms: expect.any(Number), reason: 'error' },
    });
  });

  it('hands the whole failure to whoever may see it', async () => {
    const seen: unknown[] = [];

    await readiness({ b: fails }, { onFailure: (check, error) => seen.push(check, error) });

    expect(seen).toEqual(['b', expect.any(TestFault)]);
  });

  it('runs its checks beside each other', async () => {
    const slow: ReadinessCheck = { probe: () => new Promise((resolve) => setTimeout(resolve, 100)) };

    const started = performance.now();
    await readiness({ a: slow, b: slow, c: slow, d: slow });

    expect(performance.now() - started).toBeLessThan(300);
  });
});
