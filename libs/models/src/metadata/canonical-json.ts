import canonicalize from 'canonicalize';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** RFC 8785: the one text of a JSON value. Keys by UTF-16 unit, numbers as ECMAScript prints them, no blanks. */
export function canonicalJson(value: JsonValue): string {
  return serialize(value);
}

// The package declares itself an ES module and ships a CommonJS function. It gives undefined for undefined only.
const serialize = canonicalize as unknown as (value: JsonValue) => string;
