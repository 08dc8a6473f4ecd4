import { describe, expect, it } from '@jest/globals';

import { checkEventId, computeEventId, serializeEvent } from './event-id.js';

const event = {
  pubkey: '6e468422dfb74a5738702a8823b9b28168abab8655faacb6853cd0ee15deee93',
  created_at: 1_673_347_337,
  kind: 1,
  tags: [
    ['e', '3da979448d9ba263864c4d6f14984c423a3838364ec255f03c7904b1ae77f206'],
    ['p', 'bf2376e17ba4ec269d10fcc996a4746b451152be9031fa48e74553dde5526bce'],
  ],
  content: 'Walled gardens became prisons, and nostr is the first step towards tearing down the prison walls.',
};
const id = '4376c65d2f232afbe9b882a35baa4f6fe8667c4e684749af565f981833ed6a65';

describe('computeEventId', () => {
  it('gives the id that is known for an event of the wild', () => {
    expect(computeEventId(event)).toBe(id);
  });

  it('hashes UTF-8', () => {
    // printf '[0,"%s",0,1,[],"é☀😀"]' 000… | sha256sum
    const small = { pubkey: '0'.repeat(64), created_at: 0, kind: 1, tags: [], content: 'é☀😀' };

    expect(computeEventId(small)).toBe('a42180beb22f980af10daa94e6750c65fac7aae50d0182c96c4f7666c8c3f9c4');
  });
});

describe('serializeEvent', () => {
  it.each([
    ['what NIP-01 escapes', '\n"\\\r\t\b\f', '\\n\\"\\\\\\r\\t\\b\\f'],
    ['other control characters by number', '\0\u0001\u000b\u001f', '\\u0000\\u0001\\u000b\\u001f'],
    ['nothing else', '/é☀😀\u007f\u2028\u2029</script>', '/é☀😀\u007f\u2028\u2029</script>'],
  ])('escapes %s', (_, content, written) => {
    const small = { pubkey: 'ab', created_at: 1, kind: 1, tags: [['t', content]], content };

    expect(serializeEvent(small)).toBe(`[0,"ab",1,1,[["t","${written}"]],"${written}"]`);
  });
});

describe('checkEventId', () => {
  const sig = 'c'.repeat(128);

  it('is true for the event the id was made of', () => {
    expect(checkEventId({ ...event, id, sig })).toBe(true);
  });

  it.each([
    { content: `${event.content} ` },
    { created_at: event.created_at + 1 },
    { kind: 2 },
    { tags: [...event.tags, []] },
    { pubkey: 'f'.repeat(64) },
    { id: id.toUpperCase() },
  ])('is false when something changed: %j', (change) => {
    expect(checkEventId({ ...event, id, sig, ...change })).toBe(false);
  });
});
