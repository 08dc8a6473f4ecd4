/** What a relay said in the third element of an EOSE (NIP-67). All false when it said nothing: absence proves nothing. */
export interface EoseHints {
  /** Everything stored that matches was sent. */
  readonly finish: boolean;
  /** The relay holds more than it sent. */
  readonly more: boolean;
  /** The relay holds more and shows it after AUTH. */
  readonly auth: boolean;
}

export const NO_HINTS: EoseHints = Object.freeze({ finish: false, more: false, auth: false });

/** Reads hints leniently; unknown ones are ignored. `finish` next to `more` or `auth` is a contradiction and counts as not said. */
export function readEoseHints(value: unknown): EoseHints {
  if (!Array.isArray(value) || value.length === 0) return NO_HINTS;
  const more = value.includes('more');
  const auth = value.includes('auth');
  return { finish: value.includes('finish') && !more && !auth, more, auth };
}
