import { describe, it, expect } from '@jest/globals';
import { readRelayDocument } from './document.js';

type Json = Record<string, unknown>;

/** Documents that are read as they stand. */
const WHOLE: [string, Json][] = [
  [
    'the basics',
    {
      name: 'Test Relay',
      description: 'A relay',
      supported_nips: [1, 11, 42],
      limitation: { max_message_length: 65_535 },
      relay_countries: ['US', 'DE'],
    },
  ],
  [
    'every limit',
    {
      limitation: {
        max_message_length: 16_384,
        max_subscriptions: 300,
        max_limit: 5_000,
        max_subid_length: 100,
        max_event_tags: 100,
        max_content_length: 8_196,
        min_pow_difficulty: 30,
        auth_required: true,
        payment_required: true,
        restricted_writes: true,
        created_at_lower_limit: 31_536_000,
        created_at_upper_limit: 3,
        default_limit: 500,
      },
    },
  ],
  ['limits of any sign', { limitation: { max_message_length: -100, min_pow_difficulty: 0 } }],
  [
    'fees and retention',
    {
      fees: {
        admission: [{ amount: 1_000, unit: 'msats' }],
        subscription: [{ amount: 5, unit: 'sats', period: 2_592_000 }],
        publication: [{ kinds: [4], amount: 100, unit: 'msats' }],
      },
      retention: [{ kinds: [1, [10, 20], 3], time: 3_600 }, { count: 2 }],
    },
  ],
  ['NIP numbers in their own order', { supported_nips: [42, 1, 11, 1, 42] }],
  ['empty strings', { name: '', description: '', contact: '' }],
  ['markup and line breaks', { name: 'Test <Relay> & "Quotes"', description: 'Line1\nLine2\tTab' }],
  ['a key that is no key', { pubkey: 'npub1notahexkey', self: 'abc123' }],
  [
    'links',
    {
      privacy_policy: 'https://a/p',
      terms_of_service: 'https://a/t',
      posting_policy: 'https://a/pp',
      payments_url: 'https://a/pay',
      icon: 'https://a/i.png',
      banner: 'https://a/b.png',
      software: 'git+https://github.com/hoytech/strfry.git',
      version: '1.0.4',
    },
  ],
];

const PARTIAL: [string, Json, Json, string[]][] = [
  ['nothing', {}, {}, []],
  [
    'wrong types at the top',
    { name: 123, supported_nips: 'not a list', relay_countries: [1, 2] },
    {},
    ['name', 'supported_nips', 'relay_countries.0', 'relay_countries.1'],
  ],
  ['objects for strings', { software: { name: 'strfry' }, version: 1 }, {}, ['software', 'version']],
  ['a software list', { software: ['strfry'] }, {}, ['software']],
  [
    'bad items between good ones',
    { tags: ['valid', 42, 'also valid', null], supported_nips: [1, true, 'invalid', 11] },
    { tags: ['valid', 'also valid'], supported_nips: [1, 11] },
    ['supported_nips.1', 'supported_nips.2', 'tags.1'],
  ],
  [
    'NIP numbers as strings',
    { supported_nips: ['1', '11', 'EE'] },
    {},
    ['supported_nips.0', 'supported_nips.1', 'supported_nips.2'],
  ],
  ['NIP numbers with fractions', { supported_nips: [1, 11.5, 9] }, { supported_nips: [1, 9] }, ['supported_nips.1']],
  [
    'limits of wrong types',
    { limitation: { max_message_length: true, max_limit: '500', auth_required: 1, payment_required: 'yes' } },
    {},
    [
      'limitation.max_message_length',
      'limitation.max_limit',
      'limitation.auth_required',
      'limitation.payment_required',
    ],
  ],
  ['groups of wrong types', { limitation: 'none', fees: [], retention: {} }, {}, ['limitation', 'retention', 'fees']],
  ['an empty group', { name: 'x', limitation: {}, tags: [] }, { name: 'x' }, []],
  [
    'nulls',
    { name: null, limitation: null, retention: [{ kinds: [0], time: null }] },
    { retention: [{ kinds: [0] }] },
    [],
  ],
  [
    'retention that is no object',
    { retention: [5, 'x', { time: 1, count: 2 }] },
    { retention: [{ time: 1, count: 2 }] },
    ['retention.0', 'retention.1'],
  ],
  [
    'fees without sense',
    { fees: { admission: [{ invalid: 'data' }], publication: [{ kinds: [4, true, 'x'], amount: 1, unit: 'msats' }] } },
    { fees: { publication: [{ kinds: [4], amount: 1, unit: 'msats' }] } },
    ['fees.publication.0.kinds.1', 'fees.publication.0.kinds.2'],
  ],
  ['unknown fields', { foo: 'bar', nip05: 'x', limitation: { max_filters: 100 } }, {}, []],
  [
    'text that a row cannot hold',
    { name: 'a\u0000b', description: 'half \ud83d', contact: 'whole \ud83d\ude00' },
    { contact: 'whole \ud83d\ude00' },
    ['name', 'description'],
  ],
  ['fields that only seem to be there', JSON.parse('{"__proto__":{"name":"x"},"constructor":1}') as Json, {}, []],
];

describe('readRelayDocument', () => {
  it.each(WHOLE)('takes over %s', (_, document) => {
    expect(readRelayDocument(document)).toEqual({ information: document, dropped: [] });
  });

  it.each(PARTIAL)('reads what it can: %s', (_, document, information, dropped) => {
    const read = readRelayDocument(document);

    expect(read.information).toEqual(information);
    expect([...read.dropped].sort()).toEqual([...dropped].sort());
  });

  it('names at most 100 losses', () => {
    const { dropped } = readRelayDocument({ supported_nips: Array.from({ length: 5_000 }, () => 'x') });

    expect(dropped).toHaveLength(100);
  });
});
