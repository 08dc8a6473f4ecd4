import type { EventQuery } from '@bigbrotr/core';
import { MAX_KIND } from '@bigbrotr/models';
import { z } from 'zod';

import { HttpProblem } from '../http/http-problem.js';
import { cursorParameter, DESCRIBED_AS, flag, limitOf, listOf, UNLISTED, whole } from '../http/query-values.js';

const hex = z.string().regex(/^[0-9a-f]{64}$/, { error: 'expected 64 hex digits in lower case' });
const MAX_SECONDS = 9_999_999_999;
const MAX_TAG_VALUES = 100;
const MAX_TAGS = 5;
/** The index of tags leaves longer values out. */
const MAX_TAG_BYTES = 1_024;

/** Text that PostgreSQL can hold. */
const tagValue = z.string().refine((value) => !value.includes('\0') && Buffer.byteLength(value) <= MAX_TAG_BYTES, {
  error: `expected up to ${MAX_TAG_BYTES} bytes without U+0000`,
});
/** Given again for another value, since a value may hold a comma. */
const tagParameter = z
  .union([tagValue, z.array(tagValue).min(1).max(MAX_TAG_VALUES)])
  .transform((value) => [value].flat());

const LETTERS = Array.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ');
/** The document names these; the others are told in words. */
const COMMON = 'adept';

const tagShape = Object.fromEntries(
  LETTERS.map((letter) => {
    const described = { type: 'array', items: { type: 'string', maxLength: MAX_TAG_BYTES }, maxItems: MAX_TAG_VALUES };
    const meta = COMMON.includes(letter) ? { [DESCRIBED_AS]: described } : { [UNLISTED]: true };
    return [`tag.${letter}`, tagParameter.optional().meta(meta)];
  }),
);

export const EventListQuery = z.strictObject({
  ids: listOf(hex, 500).optional(),
  authors: listOf(hex, 500).optional(),
  kinds: listOf(whole(0, MAX_KIND), 100).optional(),
  since: whole(0, MAX_SECONDS).optional().describe('Unix seconds, inclusive.'),
  until: whole(0, MAX_SECONDS).optional().describe('Unix seconds, inclusive.'),
  expired: flag().optional().describe('Also events whose NIP-40 time is over.'),
  limit: limitOf(100, 500),
  cursor: cursorParameter(),
  ...tagShape,
});
export type EventListQuery = z.output<typeof EventListQuery>;

/** Each author with each kind is a look-up of its own. */
const MAX_PAIRS = 5_000;

export function toEventQuery(query: EventListQuery): EventQuery {
  const { ids, authors, kinds, since, until, expired } = query;
  const byName: Readonly<Record<string, unknown>> = query;
  const tags: Record<string, readonly string[]> = {};
  for (const letter of LETTERS) {
    const values = byName[`tag.${letter}`];
    if (Array.isArray(values)) tags[letter] = values as string[];
  }
  if (Object.keys(tags).length > MAX_TAGS) throw tooMuch(`up to ${MAX_TAGS} tags.`);
  if (authors && kinds && authors.length * kinds.length > MAX_PAIRS) {
    throw tooMuch(`authors times kinds may be ${MAX_PAIRS}; ask for fewer of either.`);
  }
  return { ids, authors, kinds, since, until, expired, tags };
}

function tooMuch(detail: string): HttpProblem {
  return new HttpProblem(400, 'invalid-request', `query: ${detail}`);
}
