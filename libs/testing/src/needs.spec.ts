import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { needs } from './needs.js';

describe('needs', () => {
  const original = { describe, url: process.env['BIGBROTR_TEST_REDIS_URL'] };
  let declared: string[];

  beforeEach(() => {
    declared = [];
    const recorder = Object.assign((name: string) => declared.push(`run ${name}`), {
      skip: (name: string) => declared.push(`skip ${name}`),
    });
    Object.assign(globalThis, { describe: recorder });
  });

  afterEach(() => {
    Object.assign(globalThis, { describe: original.describe });
    if (original.url === undefined) delete process.env['BIGBROTR_TEST_REDIS_URL'];
    else process.env['BIGBROTR_TEST_REDIS_URL'] = original.url;
  });

  it('runs a suite whose need is met', () => {
    process.env['BIGBROTR_TEST_REDIS_URL'] = 'redis://127.0.0.1:1';
    needs('redis')('the bus', () => undefined);

    expect(declared).toEqual(['run the bus']);
  });

  it('skips another one, and says why in its name', () => {
    delete process.env['BIGBROTR_TEST_REDIS_URL'];
    needs('redis')('the bus', () => undefined);

    expect(declared).toEqual(['skip the bus (skipped: no redis)']);
  });
});
