/**
 * PostgreSQL array literals made by hand: on the ingest path node-postgres' own conversion costs as much again as the
 * insert. Values are parameters still; nothing here is spliced into SQL.
 */

/** `bytea[]` of lower-case hex strings. */
export function byteaArray(hex: readonly (string | null)[]): string {
  return `{${hex.map((h) => (h === null ? 'NULL' : `"\\\\x${h}"`)).join(',')}}`;
}

/** Integer arrays of any width. */
export function numberArray(values: readonly (number | null)[]): string {
  return `{${values.map((v) => v ?? 'NULL').join(',')}}`;
}

/** `text[]`, or any type that reads its own text form, such as `jsonb[]`. */
export function textArray(values: readonly (string | null)[]): string {
  return `{${values.map((v) => (v === null ? 'NULL' : `"${v.replace(/["\\]/g, '\\$&')}"`)).join(',')}}`;
}

export function booleanArray(values: readonly boolean[]): string {
  return `{${values.map((v) => (v ? 't' : 'f')).join(',')}}`;
}
