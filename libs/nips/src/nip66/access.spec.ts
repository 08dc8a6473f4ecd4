import { describe, it, expect } from '@jest/globals';
import type { RelayInformation } from '../nip11/document.js';
import { accessTags } from './discovery-event.js';
import type { RttLogs } from './rtt.js';

const OK: RttLogs = { open_success: true, read_success: true, write_success: true };
const refused = (write_reason: string, read_reason?: string): RttLogs => ({
  open_success: true,
  read_success: read_reason === undefined,
  ...(read_reason !== undefined && { read_reason }),
  write_success: false,
  write_reason,
});

/** Requirements in the order auth, payment, writes, pow. */
const CASES: readonly [string, RelayInformation | undefined, RttLogs | undefined, string | undefined, string[]][] = [
  ['a write that went through', {}, OK, '----', ['PublicInbox']],
  ['a write against a claim of AUTH', { limitation: { auth_required: true } }, OK, '----', ['PublicInbox']],
  ['a write against a claim of payment', { limitation: { payment_required: true } }, OK, '----', ['PublicInbox']],
  [
    'a write against a claim of an invitation',
    { limitation: { restricted_writes: true } },
    OK,
    '----',
    ['PublicInbox'],
  ],
  ['a write that had to work', { limitation: { min_pow_difficulty: 12 } }, OK, '---w', ['PublicInbox']],
  ['a refusal for want of AUTH', {}, refused('auth-required: please authenticate'), 'a---', ['PublicOutbox']],
  ['a refusal for want of money', {}, refused('blocked: pay to join'), '-p--', ['Paid', 'PublicOutbox']],
  ['a refusal for want of work', {}, refused('pow: 20 bits needed'), '---w', ['PublicInbox']],
  ['a refusal of strangers', {}, refused('blocked: pubkey not whitelisted'), '--r-', ['PublicOutbox']],
  [
    'AUTH for everything',
    { limitation: { auth_required: true } },
    refused('auth-required: x', 'auth-required: x'),
    'a---',
    ['PrivateStorage'],
  ],
  [
    'AUTH for reading only',
    {},
    { open_success: true, read_success: false, read_reason: 'auth-required: x', write_success: true },
    '----',
    ['PrivateInbox'],
  ],
  [
    'claims alone',
    { limitation: { auth_required: true, payment_required: true, restricted_writes: true, min_pow_difficulty: 8 } },
    undefined,
    'aprw',
    ['Paid', 'PublicOutbox'],
  ],
  [
    'an opening that failed',
    { limitation: {} },
    { open_success: false, open_reason: 'timeout', write_success: false, write_reason: 'timeout' },
    '--r-',
    ['PublicOutbox'],
  ],
  ['nothing at all', undefined, undefined, undefined, []],
  ['a read that worked and nothing else', undefined, { open_success: true, read_success: true }, undefined, []],
  [
    'a read that wants AUTH and nothing else',
    undefined,
    { open_success: true, read_success: false, read_reason: 'auth-required' },
    'a---',
    ['PrivateStorage'],
  ],
  [
    'search, groups and blobs',
    { supported_nips: [95, 29, 50] },
    undefined,
    '----',
    ['Search', 'Community', 'Blob', 'PublicInbox'],
  ],
];

describe('accessTags', () => {
  it.each(CASES)('of %s', (_, information, logs, letters, types) => {
    const tags = accessTags({ ...(information && { information }), ...(logs && { logs }) });
    const words = ['auth', 'payment', 'writes', 'pow'].map((word, at) => [
      'R',
      letters?.[at] === '-' ? `!${word}` : word,
    ]);

    expect(tags.filter(([name]) => name === 'R')).toEqual(letters === undefined ? [] : words);
    expect(tags.filter(([name]) => name === 'T').map(([, type]) => type)).toEqual(types);
  });

  it.each([
    [
      ['en', 'en-419', 'pt-BR', 'eng', '', 'DE'],
      ['en', 'pt', 'de'],
    ],
    [['en', '*'], []],
  ])('reads the languages %j', (language_tags, expected) => {
    const tags = accessTags({ information: { language_tags } }).filter(([name]) => name === 'l');

    expect(tags).toEqual(expected.map((code) => ['l', code, 'ISO-639-1']));
  });

  it('puts claimed NIPs right where they were tried', () => {
    const tags = accessTags({
      information: { supported_nips: [42, 1, 11, 77, 1], tags: ['nsfw', 'bitcoin-only', 'nsfw'] },
      support: { '45': true, '77': false },
    });

    expect(tags.filter(([name]) => name === 'N' || name === 't')).toEqual([
      ['N', '1'],
      ['N', '11'],
      ['N', '42'],
      ['N', '45'],
      ['t', 'nsfw'],
      ['t', 'bitcoin-only'],
    ]);
  });
});
