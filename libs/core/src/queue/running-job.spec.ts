import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it } from '@jest/globals';

import { startRun } from './running-job.js';

describe('running job', () => {
  it('fires its signal at the deadline', async () => {
    const run = startRun(20);
    expect(run.signal.aborted).toBe(false);
    await sleep(60);
    expect(run.signal.reason).toBe('deadline');
    expect(run.reason).toBe('deadline');
    run.end();
  });

  it('keeps the first reason', () => {
    const run = startRun(60_000);
    run.abort('cancelled');
    run.abort('shutdown');
    expect(run.reason).toBe('cancelled');
    expect(run.signal.reason).toBe('cancelled');
    run.end();
  });

  it('gives up on a handler that does not listen, in the grace time after its signal', async () => {
    const run = startRun(60_000, 30);
    run.abort('cancelled');
    await expect(run.abandoned).rejects.toMatchObject({
      code: 'job-abandoned',
      message: expect.stringContaining('cancelled'),
    });
  });

  it('gives up at once when told', async () => {
    const run = startRun(60_000);
    run.abandon();
    await expect(run.abandoned).rejects.toMatchObject({ code: 'job-abandoned' });
    run.end();
  });

  it('leaves no timer when it ends', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const run = startRun(60_000);
    run.abort('shutdown');
    expect(timers()).toBeGreaterThan(before);
    run.end();
    await sleep(1);
    expect(timers()).toBeLessThanOrEqual(before);
    expect(run.signal.aborted).toBe(true);
  });
});
