import { z } from 'zod';

import type { ConfigIssue } from './config-error.js';
import { keysOf, resolveKey, schemaAt } from './schema-path.js';
import { suggest } from './suggest.js';

/** One value laid over the file. */
export interface Setting {
  readonly path: readonly string[];
  readonly value: unknown;
  /** The variable or flag that set it. */
  readonly origin: string;
}

export type KeyLookup =
  | { readonly ok: true; readonly path: readonly string[]; readonly schema: z.core.$ZodType }
  /** `known` is the part that does exist, `nearest` what the next key may have meant. */
  | { readonly ok: false; readonly known: readonly string[]; readonly nearest?: string };

/** Finds the key that written segments name, whatever their case and underscores. */
export function findKey(root: z.core.$ZodType, segments: readonly string[]): KeyLookup {
  let schema = root;
  const path: string[] = [];
  for (const segment of segments) {
    const key = resolveKey(schema, segment);
    const child = key === undefined ? undefined : schemaAt(schema, [key]);
    if (key === undefined || child === undefined) {
      const nearest = suggest(segment, keysOf(schema));
      return { ok: false, known: path, ...(nearest !== undefined && { nearest }) };
    }
    path.push(key);
    schema = child;
  }
  return { ok: true, path, schema };
}

/** Text from a variable is JSON, else a string; a text that only fits its key as a string (a token of digits) is one. */
export function readValue(schema: z.core.$ZodType, text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text; // no JSON: a plain string
  }
  if (typeof value === 'string' || z.safeParse(schema, value).success) return value;
  return z.safeParse(schema, text).success ? text : value;
}

/** Values given by the caller, by dotted key: `{ 'api.port': 9000 }`. Strings are read as from a variable; undefined is not set. */
export function flagSettings(
  root: z.core.$ZodType,
  flags: Readonly<Record<string, unknown>>,
): { settings: Setting[]; issues: ConfigIssue[] } {
  const settings: Setting[] = [];
  const issues: ConfigIssue[] = [];
  for (const [name, value] of Object.entries(flags)) {
    if (value === undefined) continue;
    const found = findKey(root, name.split('.'));
    if (found.ok) {
      settings.push({
        path: found.path,
        value: typeof value === 'string' ? readValue(found.schema, value) : value,
        origin: 'command line',
      });
    } else {
      const meant = found.nearest === undefined ? undefined : [...found.known, found.nearest].join('.');
      issues.push({ path: name, problem: 'unknown key', origin: 'command line', advice: unknownAdvice(meant) });
    }
  }
  return { settings, issues };
}

export function unknownAdvice(meant: string | undefined): string {
  return meant === undefined ? 'See `bigbrotr config schema` for the keys there are.' : `Did you mean ${meant}?`;
}
