import { describe, it, expect } from '@jest/globals';
import { classifyReason, isRefusal, REASON_CLASSES } from './reason-text.js';

const TEXTS: [text: string, reason: string][] = [
  // Machine-readable prefixes, at the start and elsewhere.
  ['auth-required: we only serve members', 'auth-required'],
  ['ERROR: auth-required: requested kinds need AUTH', 'auth-required'],
  ['AUTH-REQUIRED: shouting', 'auth-required'],
  ['restricted: not on the list', 'restricted'],
  ['blocked: too many query results', 'blocked'],
  ['mute: nobody will see this', 'blocked'],
  ['rate-limited: slow down there', 'rate-limited'],
  ['[relay] rate-limited: burst', 'rate-limited'],
  ['ERROR: blocked: slow down', 'blocked'],
  ['unsupported: filter with search', 'unsupported'],
  ['pow: 26 bits needed', 'pow'],
  ['duplicate: already have this event', 'duplicate'],
  ['invalid: event creation date is too far off', 'invalid'],
  ['error: could not connect to the database', 'error'],
  // Prefixes that say too little.
  ['ERROR: too many concurrent REQs', 'too-many-subscriptions'],
  ['error: rate limit exceeded', 'rate-limited'],
  ['ERROR: bad msg: negentropy disabled', 'unsupported'],
  ['invalid: "[0]" must be one of [EVENT, REQ, CLOSE]', 'unsupported'],
  ['ERROR: bad req: arr too small', 'invalid'],
  ['ERROR: bad req: unrecognised filter item', 'unsupported'],
  // A word that only looks like a prefix.
  ['see our-restricted: page', 'restricted'],
  // Wording alone.
  ['authentication required', 'auth-required'],
  ['Please authenticate to continue', 'auth-required'],
  ["we can't serve DMs to unauthenticated users, does your client implement NIP-42?", 'auth-required'],
  ['too many subscriptions', 'too-many-subscriptions'],
  ['Too many open subscriptions for this connection', 'too-many-subscriptions'],
  ['Maximum concurrent subscription count reached', 'too-many-subscriptions'],
  ['subscription limit reached', 'too-many-subscriptions'],
  ['burst exhausted', 'rate-limited'],
  ['You are sending messages too fast', 'rate-limited'],
  ['too many requests', 'rate-limited'],
  ['slow down', 'rate-limited'],
  ['could not parse command', 'unsupported'],
  ['unknown envelope label', 'unsupported'],
  ['bad message type', 'unsupported'],
  ['Command unrecognized', 'unsupported'],
  ['Invalid enum value. Expected EVENT | REQ, received NEG-OPEN', 'unsupported'],
  ['COUNT is not supported', 'unsupported'],
  ['you are not allowed to read', 'restricted'],
  ['payment required to use this relay', 'restricted'],
  ['your pubkey is not whitelisted', 'restricted'],
  ['you are banned', 'blocked'],
  ['not enough proof of work', 'pow'],
  ['already have this event', 'duplicate'],
  ['malformed filter', 'invalid'],
  ['internal server error', 'error'],
  ['closed: unknown subscription handle', 'error'],
  ['PROTOCOL-ERROR', 'error'],
  // Small talk.
  ['welcome to my relay', 'unknown'],
  ['', 'unknown'],
  ['the authors of this relay say hi', 'unknown'],
];

describe('classifyReason', () => {
  it.each(TEXTS)('%j is %s', (text, reason) => {
    expect(classifyReason(text)).toBe(reason);
  });

  it('takes no longer for a text made to be slow', () => {
    const startedAt = performance.now();

    classifyReason('too many '.repeat(55));
    classifyReason('maximum number of '.repeat(28));

    expect(performance.now() - startedAt).toBeLessThan(50);
  });
});

describe('isRefusal', () => {
  it('holds for all but small talk and duplicates', () => {
    expect(REASON_CLASSES.filter((reason) => !isRefusal(reason))).toEqual(['duplicate', 'unknown']);
  });
});
