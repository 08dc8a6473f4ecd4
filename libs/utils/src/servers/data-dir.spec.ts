import { describe, expect, it } from '@jest/globals';
import { resolveDataDir } from './data-dir.js';

const everywhere = () => true;
const nowhere = () => false;

describe('resolveDataDir', () => {
  it.each([
    [
      'the default',
      { configured: undefined, cwd: '/srv/app', uid: 1000, reachable: nowhere },
      '/srv/app/data',
      'default',
    ],
    [
      'an empty variable',
      { configured: '', cwd: '/srv/app', uid: 1000, reachable: nowhere },
      '/srv/app/data',
      'default',
    ],
    [
      'root in an open directory',
      { configured: undefined, cwd: '/srv/app', uid: 0, reachable: everywhere },
      '/srv/app/data',
      'default',
    ],
    [
      'no uid (Windows)',
      { configured: undefined, cwd: '/srv/app', uid: undefined, reachable: nowhere },
      '/srv/app/data',
      'default',
    ],
    ['an absolute path', { configured: '/mnt/x', cwd: '/srv/app', uid: 0, reachable: nowhere }, '/mnt/x', 'configured'],
    ['a relative path', { configured: '../x', cwd: '/srv/app', uid: 0, reachable: nowhere }, '/srv/x', 'configured'],
  ])('takes %s', (_, facts, path, reason) => {
    expect(resolveDataDir(facts)).toEqual({ path, reason });
  });

  it("moves root's data out of a private home, to one place per checkout", () => {
    const [first, again, other] = ['/private/a', '/private/a', '/private/b'].map((cwd) =>
      resolveDataDir({ configured: undefined, cwd, uid: 0, reachable: nowhere }),
    );

    expect(first!.path).toMatch(/^\/var\/lib\/bigbrotr\/[0-9a-f]{12}$/);
    expect(first!.reason).toBe('private-home');
    expect(again).toEqual(first);
    expect(other!.path).not.toBe(first!.path);
  });
});
