import { describe, it, expect } from '@jest/globals';
import { failed, passed } from './checks.js';

describe('checks', () => {
  it.each([
    [passed(12.6, { a: 1 }), { success: true, data: { a: 1 }, ms: 13 }],
    [failed(0, 'timeout'), { success: false, reason: 'timeout', ms: 1 }],
    [failed(5, 'tls', { a: 1 }), { success: false, reason: 'tls', data: { a: 1 }, ms: 5 }],
  ])('builds %j', (check, expected) => {
    expect(check).toEqual(expected);
  });
});
