import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { isSecretName, maskSecrets, maskText, maskUrl } from './mask-secrets.js';

describe('mask-secrets', () => {
  it.each([
    ['postgres://brotr:s3cret@db:5432/bigbrotr', 'postgres://brotr:***@db:5432/bigbrotr'],
    ['postgres://brotr:a/b@c:d@db/bigbrotr', 'postgres://brotr:***@db/bigbrotr'],
    ['postgres://brotr:with space@db/bigbrotr', 'postgres://brotr:***@db/bigbrotr'],
    ['redis://:s3cret@cache:6379/0', 'redis://:***@cache:6379/0'],
    ['rediss://default:s3cret@cache', 'rediss://default:***@cache'],
    ['socks5h://user:s3/cr:et@127.0.0.1:9050', 'socks5h://user:***@127.0.0.1:9050'],
    ['socks5h://user:s3cret@127.0.0.1:9050', 'socks5h://user:***@127.0.0.1:9050'],
    [
      'postgres:///bigbrotr?host=/run&user=brotr&password=s3cret',
      'postgres:///bigbrotr?host=/run&user=brotr&password=***',
    ],
    ['https://api.example/relays?api_key=s3cret&page=2#top', 'https://api.example/relays?api_key=***&page=2#top'],
    ['wss://relay.example/path@2?x=1', 'wss://relay.example/path@2?x=1'],
    ['wss://relay.example:7777', 'wss://relay.example:7777'],
    ['no url at all: me@example', 'no url at all: me@example'],
  ])('masks %s', (url, masked) => {
    expect(maskUrl(url)).toBe(masked);
  });

  it('masks the credentials of every URL within a text', () => {
    const text = 'tried "redis://:one@a" and <https://u:two@b/c>, not wss://relay.example';

    expect(maskText(text)).toBe('tried "redis://:***@a" and <https://u:***@b/c>, not wss://relay.example');
  });

  it('never lets a password through, whatever is in it', () => {
    const password = fc.string({ unit: 'grapheme-ascii', minLength: 12, maxLength: 30 });
    const scheme = fc.constantFrom('postgres', 'postgresql', 'redis', 'rediss');

    fc.assert(
      fc.property(scheme, password, (name, secret) => {
        expect(maskUrl(`${name}://user:${secret}@host:1234/db`)).toBe(`${name}://user:***@host:1234/db`);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it.each([
    'token',
    'viewerToken',
    'API_TOKEN',
    'password',
    'privateKey',
    'private_key',
    'authorization',
    'set-cookie',
    'apiKey',
  ])('knows %s as a secret', (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  it.each(['hostKey', 'filterKey', 'dataKey', 'tokens', 'url', 'key'])('does not take %s for a secret', (name) => {
    expect(isSecretName(name)).toBe(false);
  });

  it('masks by name and by value at any depth, and leaves the original alone', () => {
    const data = { api: { token: 't', port: 1 }, list: [{ url: 'redis://:p@h' }], token: undefined, ok: true };

    expect(maskSecrets(data)).toEqual({
      api: { token: '***', port: 1 },
      list: [{ url: 'redis://:***@h' }],
      token: undefined,
      ok: true,
    });
    expect(data.api.token).toBe('t');
  });

  it('returns the same object when there is nothing to hide', () => {
    const data = { a: { b: [1, 'two'] } };

    expect(maskSecrets(data)).toBe(data);
  });

  it('ends on data that contains itself', () => {
    const data: Record<string, unknown> = { token: 't' };
    data['self'] = data;

    expect(maskSecrets(data)).toMatchObject({ token: '***', self: { token: '***' } });
  });

  it('leaves errors to their serializer', () => {
    const err = new Error('x');

    expect(maskSecrets({ err })).toEqual({ err });
  });
});
