import { checkEventId, parseEvent, type NostrEvent } from '@bigbrotr/models';
import { verifySchnorr } from 'tiny-secp256k1';

/** The event when it is whole and its signature is right. */
export function readSignedEvent(value: unknown): NostrEvent | undefined {
  const parsed = parseEvent(value);
  if (!parsed.ok || !checkEventId(parsed.event)) return undefined;
  const [id, pubkey, sig] = [parsed.event.id, parsed.event.pubkey, parsed.event.sig].map((hex) =>
    Buffer.from(hex, 'hex'),
  );
  try {
    return verifySchnorr(id!, pubkey!, sig!) ? parsed.event : undefined;
  } catch {
    return undefined; // Off the curve or out of range.
  }
}

/** What is wrong with an answer to `challenge` (NIP-42), or undefined. */
export function authFault(event: NostrEvent, challenge: string, url: string): string | undefined {
  const tag = (name: string): string | undefined => event.tags.find(([first]) => first === name)?.[1];
  if (event.kind !== 22_242) return 'invalid: kind 22242 expected';
  if (tag('challenge') !== challenge) return 'invalid: wrong challenge';
  if (tag('relay')?.replace(/\/$/, '') !== url) return `invalid: wrong relay, expected ${url}`;
  if (Math.abs(event.created_at - Date.now() / 1000) > 600) return 'invalid: created_at is more than ten minutes off';
  return undefined;
}
