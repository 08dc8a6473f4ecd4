import { describe, expect, it } from '@jest/globals';

import { JobRequestBody } from './request-body.js';

describe('JobRequestBody', () => {
  it.each([
    { kind: 'seed', urls: ['wss://a.example.com', 'what the law makes of it is not judged here'] },
    { kind: 'find', source: 'mentions' },
    { kind: 'validate', relay: 'wss://a.example.com' },
    { kind: 'monitor', relay: 'wss://a.example.com' },
    { kind: 'sync', relay: 'wss://a.example.com' },
    { kind: 'publish', what: 'announcement' },
    { kind: 'maintain', task: 'housekeeping' },
  ])('admits %j', (body) => {
    expect(JobRequestBody.parse(body)).toEqual(body);
  });

  it.each<[string, unknown]>([
    ['no kind', { relay: 'wss://a.example.com' }],
    ['a kind of nobody', { kind: 'dispatch' }],
    ['more than it knows', { kind: 'sync', relay: 'wss://a.example.com', force: true }],
    ['an empty list', { kind: 'seed', urls: [] }],
    ['a list beyond the bound', { kind: 'seed', urls: Array.from({ length: 10_001 }, () => 'x') }],
    ['a URL beyond the bound', { kind: 'sync', relay: 'x'.repeat(2_049) }],
    ['U+0000, which jsonb cannot hold', { kind: 'sync', relay: 'wss://a\0.example.com' }],
    ['half a surrogate pair, which jsonb cannot hold', { kind: 'seed', urls: ['wss://a.example.com/\ud800'] }],
    ['a publication that belongs to one relay', { kind: 'publish', what: 'discovery' }],
  ])('refuses %s', (_, body) => {
    expect(JobRequestBody.safeParse(body).success).toBe(false);
  });
});
