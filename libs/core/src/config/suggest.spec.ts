import { describe, expect, it } from '@jest/globals';

import { suggest } from './suggest.js';

const KEYS = ['enabled', 'proxyUrl', 'maxTasks', 'timeout', 'canaries', 'port'];

describe('suggest', () => {
  it.each([
    ['maxTaks', 'maxTasks'],
    ['max_tasks', 'maxTasks'],
    ['MAX-TASKS', 'maxTasks'],
    ['mxaTasks', 'maxTasks'],
    ['timeuot', 'timeout'],
    ['prot', 'port'],
    ['enable', 'enabled'],
    ['proxy', 'proxyUrl'],
    ['concurrency', undefined],
    ['x', undefined],
    ['', undefined],
  ])('takes %p for %p', (written, meant) => {
    expect(suggest(written, KEYS)).toBe(meant);
  });

  it('has nothing to say without candidates', () => {
    expect(suggest('a', [])).toBeUndefined();
  });
});
