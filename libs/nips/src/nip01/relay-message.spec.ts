import { describe, it, expect } from '@jest/globals';
import fc from 'fast-check';
import { parseRelayMessage, peekEventSubscription } from './relay-message.js';

const NO_HINTS = { finish: false, more: false, auth: false };

describe('parseRelayMessage', () => {
  it.each([
    ['["EVENT","s",{"id":"x"}]', { type: 'EVENT', sub: 's', event: { id: 'x' } }],
    ['["EVENT","s",null]', { type: 'EVENT', sub: 's', event: null }],
    [' [ "EVENT" , "s" , 1 , 2 ] ', { type: 'EVENT', sub: 's', event: 1 }],
    ['["EOSE","s"]', { type: 'EOSE', sub: 's', hints: NO_HINTS }],
    ['["EOSE","s",["finish"]]', { type: 'EOSE', sub: 's', hints: { ...NO_HINTS, finish: true } }],
    ['["CLOSED","s","blocked: no"]', { type: 'CLOSED', sub: 's', text: 'blocked: no' }],
    ['["CLOSED","s"]', { type: 'CLOSED', sub: 's', text: '' }],
    ['["NOTICE","hello"]', { type: 'NOTICE', text: 'hello' }],
    ['["OK","ab",true,""]', { type: 'OK', id: 'ab', accepted: true, text: '' }],
    ['["OK","ab",false]', { type: 'OK', id: 'ab', accepted: false, text: '' }],
    ['["AUTH","challenge"]', { type: 'AUTH', challenge: 'challenge' }],
    ['["COUNT","s",{"count":3}]', { type: 'COUNT', sub: 's', answer: { count: 3, approximate: false } }],
    ['["NEG-MSG","s","61"]', { type: 'NEG-MSG', sub: 's', hex: '61' }],
    ['["NEG-ERR","s","blocked: big",7]', { type: 'NEG-ERR', sub: 's', text: 'blocked: big', cap: 7 }],
    ['["NEG-ERR","s","closed: idle","7"]', { type: 'NEG-ERR', sub: 's', text: 'closed: idle' }],
    ['["REQ","s",{}]', { type: 'unknown', verb: 'REQ' }],
    ['["PING"]', { type: 'unknown', verb: 'PING' }],
    ['["PING",5]', { type: 'unknown', verb: 'PING' }],
  ])('reads %s', (frame, expected) => {
    expect(parseRelayMessage(Buffer.from(frame))).toEqual(expected);
  });

  it.each([
    ['', 'not-json'],
    ['["EVENT","s",', 'not-json'],
    ['\u0000', 'not-json'],
    ['"EVENT"', 'not-array'],
    ['{"0":"EVENT"}', 'not-array'],
    ['null', 'not-array'],
    ['[]', 'bad-fields'],
    ['[1,"s"]', 'bad-fields'],
    ['["EVENT","s"]', 'bad-fields'],
    ['["EVENT",{"id":"x"}]', 'bad-fields'],
    ['["EOSE"]', 'bad-fields'],
    ['["OK","ab","true"]', 'bad-fields'],
    ['["AUTH",{"kind":22242}]', 'bad-fields'],
    ['["COUNT","s",{"count":-1}]', 'bad-fields'],
    ['["NEG-MSG","s"]', 'bad-fields'],
    [`["AUTH","${'c'.repeat(1025)}"]`, 'bad-fields'],
  ])('finds %j malformed: %s', (frame, reason) => {
    expect(parseRelayMessage(Buffer.from(frame))).toEqual({ type: 'malformed', reason });
  });

  it('does not decode a frame beyond the limit', () => {
    const frame = Buffer.from('["NOTICE","hello"]');

    expect(parseRelayMessage(frame, frame.length)).toMatchObject({ type: 'NOTICE' });
    expect(parseRelayMessage(frame, frame.length - 1)).toEqual({ type: 'malformed', reason: 'too-large' });
  });

  it('keeps 500 characters of a text and survives deep nesting', () => {
    const long = parseRelayMessage(Buffer.from(JSON.stringify(['NOTICE', 'x'.repeat(5_000)])));
    const deep = parseRelayMessage(Buffer.from(`["EVENT","s",${'['.repeat(200_000)}${']'.repeat(200_000)}]`));

    expect(long).toEqual({ type: 'NOTICE', text: 'x'.repeat(500) });
    expect(deep).toMatchObject({ type: 'EVENT' });
  });

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((json) => Buffer.from(json)),
        ),
        (frame) => {
          expect(typeof parseRelayMessage(Buffer.from(frame)).type).toBe('string');
        },
      ),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe('peekEventSubscription', () => {
  it.each([
    ['["EVENT","abc",{"id":"x"}]', 'abc'],
    ['["EVENT","",{}]', ''],
    [`["EVENT","${'s'.repeat(64)}",{}]`, 's'.repeat(64)],
    [`["EVENT","${'s'.repeat(65)}",{}]`, undefined],
    ['["EVENT","a\\"c",{}]', undefined],
    ['["EVENT", "abc",{}]', undefined],
    ['["EOSE","abc"]', undefined],
    ['["EVENT","abc', undefined],
    ['["EVENT","', undefined],
    ['', undefined],
  ])('reads %j as %j', (frame, expected) => {
    expect(peekEventSubscription(Buffer.from(frame))).toBe(expected);
  });
});
