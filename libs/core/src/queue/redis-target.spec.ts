import { describe, expect, it } from '@jest/globals';

import { parseRedisUrl } from './redis-target.js';

describe('redis target', () => {
  it.each([
    [
      'redis://localhost',
      { nodes: [{ host: 'localhost', port: 6379 }], cluster: false, tls: false, db: 0, label: 'localhost:6379' },
    ],
    [
      'redis://10.0.0.1:7000/3',
      { nodes: [{ host: '10.0.0.1', port: 7000 }], cluster: false, tls: false, db: 3, label: '10.0.0.1:7000' },
    ],
    [
      'rediss://[::1]:7000',
      { nodes: [{ host: '::1', port: 7000 }], cluster: false, tls: true, db: 0, label: '::1:7000' },
    ],
    [
      'redis://app:p%40ss@cache:6379',
      {
        nodes: [{ host: 'cache', port: 6379 }],
        cluster: false,
        tls: false,
        username: 'app',
        password: 'p@ss',
        db: 0,
        label: 'cache:6379',
      },
    ],
    [
      'rediss://:secret@a:1, b:2 ,rediss://c:3',
      {
        nodes: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
          { host: 'c', port: 3 },
        ],
        cluster: true,
        tls: true,
        password: 'secret',
        db: 0,
        label: 'a:1,b:2,c:3',
      },
    ],
  ])('reads %s', (url, target) => {
    expect(parseRedisUrl(url)).toEqual(target);
  });

  it.each(['', 'localhost:6379', 'http://localhost', 'redis://', 'redis://a/db', 'redis://a/1,b'])(
    'refuses %j, without repeating it',
    (url) => {
      expect(() => parseRedisUrl(url)).toThrow(
        expect.objectContaining({ code: 'queue-config', message: expect.stringMatching(/^REDIS_URL/) }),
      );
    },
  );
});
