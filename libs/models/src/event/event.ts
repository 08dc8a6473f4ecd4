/** An event as NIP-01 shapes it. Ids, keys and signatures are lower-case hex; `created_at` is Unix time in seconds. */
export interface NostrEvent {
  readonly id: string;
  readonly pubkey: string;
  readonly created_at: number;
  readonly kind: number;
  readonly tags: string[][];
  readonly content: string;
  readonly sig: string;
}

/** The part of a value that keeps it from being an event. */
export type EventRejection =
  'not-an-object' | 'id' | 'pubkey' | 'created-at' | 'kind' | 'tags' | 'content' | 'sig' | 'surrogate'; // half of a surrogate pair: UTF-8 has no bytes for it, so no two programs agree on the id

export type EventResult =
  { readonly ok: true; readonly event: NostrEvent } | { readonly ok: false; readonly reason: EventRejection };

/**
 * Checks the shape of a decoded JSON value, strictly and nothing else: whether the id is the hash and the signature
 * holds is for others to say. Fields that NIP-01 does not know are left behind; strings and tags are taken over as
 * they are, bit for bit.
 *
 * Every event of every relay passes here, so it is written by hand and makes one object. U+0000 passes
 * (see {@link hasNul}), and so does any safe integer as `created_at`.
 */
export function parseEvent(value: unknown): EventResult {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return rejected('not-an-object');
  const { id, pubkey, created_at, kind, tags, content, sig } = value as Readonly<Record<string, unknown>>;

  if (!isHex(id, 64)) return rejected('id');
  if (!isHex(pubkey, 64)) return rejected('pubkey');
  if (!isSafeInteger(created_at)) return rejected('created-at');
  if (!isSafeInteger(kind) || kind < 0 || kind > MAX_KIND) return rejected('kind');
  if (!isTags(tags)) return rejected('tags');
  if (typeof content !== 'string') return rejected('content');
  if (!isHex(sig, 128)) return rejected('sig');
  if (!isWellFormed(content) || !tags.every(isWellFormedTag)) return rejected('surrogate');

  return { ok: true, event: { id, pubkey, created_at, kind, tags, content, sig } };
}

export const MAX_KIND = 65_535;

/** Whether text or jsonb of PostgreSQL could not hold the event. */
export function hasNul(event: Pick<NostrEvent, 'tags' | 'content'>): boolean {
  return event.content.includes('\0') || event.tags.some((tag) => tag.some((item) => item.includes('\0')));
}

const NOT_HEX = /[^0-9a-f]/;

function isHex(value: unknown, length: number): value is string {
  return typeof value === 'string' && value.length === length && !NOT_HEX.test(value);
}

function isSafeInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isTags(value: unknown): value is string[][] {
  return Array.isArray(value) && value.every(isTag);
}

function isTag(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isString);
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isWellFormedTag(tag: readonly string[]): boolean {
  return tag.every(isWellFormed);
}

/** Ours to declare until the compiler's library is ES2024; every Node.js that we run on has the method. */
interface WellFormedCheck {
  isWellFormed(): boolean;
}

function isWellFormed(text: string): boolean {
  return (text as unknown as WellFormedCheck).isWellFormed();
}

function rejected(reason: EventRejection): EventResult {
  return { ok: false, reason };
}
