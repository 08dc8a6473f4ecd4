import type { z } from 'zod';

import { HttpProblem } from './http-problem.js';

/** Where a page ended, in a form that nobody is tempted to write by hand. */
export function encodeCursor(position: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** Throws a problem when it is not one of ours. */
export function decodeCursor<T>(position: z.ZodType<T>, cursor: string): T {
  try {
    return position.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch (cause) {
    throw new HttpProblem(
      400,
      'cursor',
      'This is no cursor of this list. Take the one that the page before gave as "next".',
      {
        cause,
      },
    );
  }
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Cursor of the next page; null after the last one. */
  readonly next: string | null;
}

/** A page of `rows`, of which one more than `limit` was asked for: the one too many says that there is a next page. */
export function pageOf<R, T>(
  rows: readonly R[],
  limit: number,
  { item, position }: { readonly item: (row: R) => T; readonly position: (row: R) => readonly (string | number)[] },
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return { items: shown.map(item), next: last === undefined ? null : encodeCursor(position(last)) };
}
