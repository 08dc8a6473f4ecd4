import { describe, it, expect } from '@jest/globals';
import type { HttpGet, HttpRequest, HttpResult, RelayUrl } from '@bigbrotr/models';
import { documentUrl, fetchRelayDocument } from './fetch-document.js';

const signal = new AbortController().signal;

function answer(body: string | Buffer, type = 'application/nostr+json', status = 200): HttpResult {
  return { ok: true, status, headers: { 'content-type': type }, body: Buffer.from(body), durationMs: 12 };
}

async function fetchWith(result: HttpResult) {
  const asked: { url: string; request: HttpRequest }[] = [];
  const httpGet: HttpGet = (url, request) => {
    asked.push({ url, request });
    return Promise.resolve(result);
  };
  return { result: await fetchRelayDocument({ signal }, httpGet, 'wss://relay.example.com/inbox' as RelayUrl), asked };
}

describe('fetchRelayDocument', () => {
  it('asks with exactly one type, limits and at most one redirect', async () => {
    const { asked } = await fetchWith(answer('{}'));

    expect(asked).toEqual([
      {
        url: 'https://relay.example.com/inbox',
        request: {
          signal,
          timeoutMs: 10_000,
          maxBytes: 131_072,
          allowInsecure: false,
          maxRedirects: 1,
          headers: { accept: 'application/nostr+json' },
        },
      },
    ]);
  });

  it.each([
    ['application/json', '{"name":"Test"}'],
    ['application/json; charset=utf-8', '{"name":"Test"}'],
    ['Application/Nostr+JSON', '{"name":"Test"}'],
    ['text/html', '{"name":"Test"}'],
    ['', '\uFEFF{"name":"Test"}'],
  ])('reads a document of type %j', async (type, body) => {
    const { result } = await fetchWith(answer(body, type));

    expect(result).toEqual({
      ok: true,
      information: { name: 'Test' },
      dropped: [],
      raw: Buffer.from(body),
      durationMs: 12,
    });
  });

  it('takes an empty object for a document', async () => {
    expect((await fetchWith(answer('{}'))).result).toMatchObject({ ok: true, information: {} });
  });

  it.each<[string, HttpResult, object]>([
    ['junk', answer('not valid json'), { reason: 'not-json' }],
    ['an empty body', answer(''), { reason: 'not-json' }],
    ['a page', answer('\n <!doctype html><p>Hi', 'text/plain'), { reason: 'html' }],
    ['a page by its type', answer('Hi', 'text/HTML; charset=utf-8'), { reason: 'html' }],
    ['a list', answer('["a"]'), { reason: 'not-object' }],
    ['a string', answer('"a"'), { reason: 'not-object' }],
    ['null', answer('null'), { reason: 'not-object' }],
    ['404', answer('{}', 'application/json', 404), { reason: 'http-status', status: 404 }],
    ['204', answer('', '', 204), { reason: 'http-status', status: 204 }],
    ['a redirect too many', answer('', '', 302), { reason: 'redirect', status: 302 }],
    ['a body without end', { ok: false, failure: { reason: 'too-large' } }, { reason: 'too-large' }],
    [
      'a refused connection',
      { ok: false, failure: { reason: 'refused', code: 'ECONNREFUSED' } },
      { reason: 'refused', code: 'ECONNREFUSED' },
    ],
    ['an unknown name', { ok: false, failure: { reason: 'dns' } }, { reason: 'dns' }],
  ])('finds %s', async (_, response, expected) => {
    expect((await fetchWith(response)).result).toEqual({ ok: false, ...expected });
  });
});

describe('documentUrl', () => {
  it.each([
    ['wss://relay.example.com', 'https://relay.example.com'],
    ['ws://abc.onion', 'http://abc.onion'],
    ['wss://[2606:4700::1]:8080', 'https://[2606:4700::1]:8080'],
    ['wss://relay.example.com:444/ws/wss', 'https://relay.example.com:444/ws/wss'],
  ])('of %s is %s', (url, expected) => {
    expect(documentUrl(url as RelayUrl)).toBe(expected);
  });
});
