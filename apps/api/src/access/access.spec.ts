import { describe, expect, it } from '@jest/globals';

import { HttpProblem } from '../http/http-problem.js';
import { createAccess, type AccessOptions, type RequestFacts } from './access.js';

const LOCAL = { host: 'localhost:8080' };
const basic = (password: string) => `Basic ${Buffer.from(`me:${password}`).toString('base64')}`;

/** The actor, or the status and word of the refusal. */
function verdict(options: AccessOptions, request: RequestFacts, need: 'viewer' | 'operator' = 'operator'): string {
  try {
    return createAccess(options).admit(request, need);
  } catch (error) {
    if (error instanceof HttpProblem) return `${error.status} ${error.code}`;
    throw error;
  }
}

describe('createAccess', () => {
  describe('without a token', () => {
    it.each<[string, string, RequestFacts['headers'], string]>([
      ['this machine by name', '127.0.0.1', LOCAL, 'local'],
      ['this machine by address', '127.0.0.1', { host: '127.0.0.1:8080' }, 'local'],
      ['this machine by IPv6 address', '::1', { host: '[::1]:8080' }, 'local'],
      ['a Host without a port', 'localhost', { host: 'localhost' }, 'local'],
      [
        'its own page',
        '127.0.0.1',
        { ...LOCAL, origin: 'http://localhost:8080', 'sec-fetch-site': 'same-origin' },
        'local',
      ],
      ['a name that a stranger made point here', '127.0.0.1', { host: 'evil.example:8080' }, '403 not-local'],
      ['a name that begins like ours', '127.0.0.1', { host: 'localhost.evil.example' }, '403 not-local'],
      ['an address that begins like ours', '127.0.0.1', { host: '127.0.0.1.evil.example' }, '403 not-local'],
      ['no Host', '127.0.0.1', {}, '403 not-local'],
      ['a proxy on this machine', '127.0.0.1', { ...LOCAL, 'x-forwarded-for': '203.0.113.9' }, '403 not-local'],
      ['the page of another site', '127.0.0.1', { ...LOCAL, origin: 'https://evil.example' }, '403 foreign-origin'],
      ['the page of another port', '127.0.0.1', { ...LOCAL, origin: 'http://localhost:3000' }, '403 foreign-origin'],
      ['a page without an origin', '127.0.0.1', { ...LOCAL, origin: 'null' }, '403 foreign-origin'],
      [
        'what a browser calls cross-site',
        '127.0.0.1',
        { ...LOCAL, 'sec-fetch-site': 'cross-site' },
        '403 foreign-origin',
      ],
      [
        'what a browser calls same-site',
        '127.0.0.1',
        { ...LOCAL, 'sec-fetch-site': 'same-site' },
        '403 foreign-origin',
      ],
      ['a server that listens everywhere', '0.0.0.0', LOCAL, '403 no-token'],
      ['a server that listens everywhere, v6', '::', LOCAL, '403 no-token'],
      ['a token that nobody set', '127.0.0.1', { ...LOCAL, authorization: 'Bearer x' }, 'local'],
    ])('answers %s', (_what, host, headers, expected) => {
      expect(verdict({ host }, { method: 'POST', headers })).toBe(expected);
    });

    it('does not ask where a reader comes from', () => {
      const request = { method: 'GET', headers: { ...LOCAL, origin: 'https://evil.example' } };

      expect(verdict({ host: '127.0.0.1' }, request, 'viewer')).toBe('local');
    });
  });

  describe('with tokens', () => {
    const options = { host: '0.0.0.0', token: 'the-operator', viewerToken: 'the-viewer' };

    it.each<[string, 'viewer' | 'operator', string | undefined, string]>([
      ['the operator, Bearer', 'operator', 'Bearer the-operator', 'operator'],
      ['the operator, Basic', 'operator', basic('the-operator'), 'operator'],
      ['a scheme in any case', 'operator', 'bearer the-operator', 'operator'],
      ['the operator who looks', 'viewer', 'Bearer the-operator', 'operator'],
      ['the viewer who looks', 'viewer', basic('the-viewer'), 'viewer'],
      ['the viewer who acts', 'operator', 'Bearer the-viewer', '403 viewer'],
      ['nobody', 'viewer', undefined, '401 unauthorized'],
      ['a stranger', 'viewer', 'Bearer the-operato', '401 unauthorized'],
      ['a stranger with more', 'viewer', 'Bearer the-operator1', '401 unauthorized'],
      ['an empty password', 'viewer', basic(''), '401 unauthorized'],
      [
        'Basic that is no pair',
        'viewer',
        `Basic ${Buffer.from('the-operator').toString('base64')}`,
        '401 unauthorized',
      ],
      ['another scheme', 'viewer', 'Digest the-operator', '401 unauthorized'],
      ['a header that is no credential', 'viewer', 'the-operator', '401 unauthorized'],
    ])('knows %s (%s)', (_who, need, authorization, expected) => {
      expect(verdict(options, { method: 'POST', headers: { host: 'x.example', authorization } }, need)).toBe(expected);
    });

    it('takes a password with colons whole', () => {
      expect(
        verdict({ host: '::', token: 'a:b:c' }, { method: 'GET', headers: { authorization: basic('a:b:c') } }),
      ).toBe('operator');
    });

    it('refuses a foreign page that rides on the password which the browser keeps', () => {
      const headers = { host: 'x.example', authorization: basic('the-operator'), origin: 'https://evil.example' };

      expect(verdict(options, { method: 'PUT', headers })).toBe('403 foreign-origin');
    });

    it('is for nobody to act where there is a viewer token alone', () => {
      const only = { host: '127.0.0.1', viewerToken: 'the-viewer' };

      expect(verdict(only, { method: 'POST', headers: LOCAL })).toBe('401 unauthorized');
      expect(verdict(only, { method: 'POST', headers: { ...LOCAL, authorization: 'Bearer the-viewer' } })).toBe(
        '403 viewer',
      );
    });

    it('says how to log in', () => {
      let problem: unknown;
      try {
        createAccess(options).admit({ method: 'GET', headers: {} }, 'viewer');
      } catch (error) {
        problem = error;
      }

      expect((problem as HttpProblem).headers['www-authenticate']).toContain('Basic realm="BigBrotr"');
    });
  });

  it.each<[string | undefined, string | undefined, boolean]>([
    ['the-operator', 'Bearer the-operator', true],
    ['the-operator', 'Bearer nearly', false],
    ['the-operator', undefined, false],
    [undefined, 'Bearer undefined', false],
  ])('with token %p, %p is the operator: %p', (token, authorization, expected) => {
    expect(createAccess({ host: '::', token }).isOperator({ method: 'GET', headers: { authorization } })).toBe(
      expected,
    );
  });

  it.each<[AccessOptions, RequestFacts['headers'], boolean]>([
    [{ host: '127.0.0.1' }, LOCAL, true],
    [{ host: '127.0.0.1' }, { host: 'evil.example' }, false],
    [{ host: '127.0.0.1' }, { ...LOCAL, via: '1.1 proxy' }, false],
    [{ host: '0.0.0.0' }, LOCAL, false],
    [{ host: '127.0.0.1', token: 'x' }, LOCAL, false],
    [{ host: '127.0.0.1', token: 'x' }, { ...LOCAL, authorization: 'Bearer x' }, true],
    [{ host: '127.0.0.1', token: 'x', viewerToken: 'y' }, { ...LOCAL, authorization: 'Bearer y' }, false],
  ])('with %p, %p may know our insides: %p', (options, headers, expected) => {
    expect(createAccess(options).mayKnow({ method: 'GET', headers })).toBe(expected);
  });
});
