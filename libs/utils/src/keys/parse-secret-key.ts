import { decode } from 'nostr-tools/nip19';

import { SecretKey } from './secret-key.js';

export type SecretKeyRejection =
  | 'empty'
  | 'public-key' // an npub
  | 'encrypted' // an ncryptsec (NIP-49)
  | 'malformed' // neither 64 hex digits nor an nsec with a right checksum
  | 'out-of-range'; // 32 bytes, but 0 or not below the order of the group

export type SecretKeyResult =
  { readonly ok: true; readonly key: SecretKey } | { readonly ok: false; readonly reason: SecretKeyRejection };

/** Reads 64 hex digits or an nsec (NIP-19), with blanks around it. The reason never quotes the text. */
export function parseSecretKey(text: string): SecretKeyResult {
  const trimmed = text.trim();
  if (trimmed === '') return { ok: false, reason: 'empty' };
  if (/^npub1/i.test(trimmed)) return { ok: false, reason: 'public-key' };
  if (/^ncryptsec1/i.test(trimmed)) return { ok: false, reason: 'encrypted' };

  const bytes = /^[0-9a-f]{64}$/i.test(trimmed) ? Buffer.from(trimmed, 'hex') : nsecBytes(trimmed);
  if (bytes?.length !== 32) return { ok: false, reason: 'malformed' };

  const key = SecretKey.fromBytes(bytes);
  return key === undefined ? { ok: false, reason: 'out-of-range' } : { ok: true, key };
}

/** Undefined for anything but a well-formed nsec: the decoder's own message would quote the text. */
function nsecBytes(text: string): Uint8Array | undefined {
  try {
    const decoded = decode(text);
    return decoded.type === 'nsec' ? decoded.data : undefined;
  } catch {
    return undefined;
  }
}
