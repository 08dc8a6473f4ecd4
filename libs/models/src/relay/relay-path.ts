/**
 * The canonical path of a relay URL: '' for the root, otherwise `/a/b` without a slash at the end.
 *
 * A path with anything in it that no relay's path has (blanks, control characters, another URL, non-ASCII, a segment
 * that begins or ends with punctuation) is junk of whoever wrote the URL down, and is dropped as a whole.
 */
export function canonicalPath(raw: string): string {
  if (raw === '' || raw === '/') return '';
  const segments = resolveDots(raw.replace(/%[\da-f]{2}/gi, normaliseEscape).split('/'));
  return segments.every((segment) => SEGMENT.test(segment)) ? segments.map((segment) => `/${segment}`).join('') : '';
}

/** Letters and digits at both ends; `%2F` and `%3A` are the only escapes that stay, as both may stand in an identifier. */
const SEGMENT = /^[A-Za-z0-9]+(?:(?:[-._~:]|%3A)+[A-Za-z0-9]+|%2F[A-Za-z0-9]+)*$/;

/** RFC 3986 §6.2.2: an escaped letter, digit or `-._~` is that character; other escapes are written in capitals. */
function normaliseEscape(escape: string): string {
  const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
  return /[\w.~-]/.test(character) ? character : escape.toUpperCase();
}

/** RFC 3986 §5.2.4, after which empty segments go. */
function resolveDots(segments: readonly string[]): string[] {
  const kept: string[] = [];
  for (const segment of segments) {
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
  }
  return kept.filter((segment) => segment !== '');
}
