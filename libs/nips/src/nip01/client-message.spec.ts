import { describe, it, expect } from '@jest/globals';
import type { NostrEvent } from '@bigbrotr/models';
import {
  authFrame,
  closeFrame,
  countFrame,
  eventFrame,
  negCloseFrame,
  negMsgFrame,
  negOpenFrame,
  reqFrame,
} from './client-message.js';

const event: NostrEvent = { id: 'a', pubkey: 'b', created_at: 1, kind: 1, tags: [['t', 'x']], content: 'ü"', sig: 'c' };

describe('client messages', () => {
  it.each([
    [reqFrame('s', [{ kinds: [1] }, { limit: 1 }]), ['REQ', 's', { kinds: [1] }, { limit: 1 }]],
    [closeFrame('s'), ['CLOSE', 's']],
    [eventFrame(event), ['EVENT', event]],
    [authFrame(event), ['AUTH', event]],
    [countFrame('s', {}), ['COUNT', 's', {}]],
    [negOpenFrame('s', { since: 1 }, '61'), ['NEG-OPEN', 's', { since: 1 }, '61']],
    [negMsgFrame('s', '61'), ['NEG-MSG', 's', '61']],
    [negCloseFrame('s'), ['NEG-CLOSE', 's']],
  ])('writes %s', (frame, expected) => {
    expect(JSON.parse(frame)).toEqual(expected);
  });

  it.each([[{ ids: [] }], [{ '#e': [] }], [{ until: 0 }], [{ until: -5 }]])('refuses the filter %j', (filter) => {
    expect(() => reqFrame('s', [filter])).toThrow(RangeError);
    expect(() => countFrame('s', filter)).toThrow(RangeError);
    expect(() => negOpenFrame('s', filter, '')).toThrow(RangeError);
  });
});
