import type { CoverageRow } from './coverage-row.js';

export interface CoverageChange {
  readonly deleted: readonly CoverageRow[];
  readonly inserted: readonly CoverageRow[];
}

/** What to delete from a store that holds `before`, and then to insert, so that it holds `after`. */
export function coverageChange(before: readonly CoverageRow[], after: readonly CoverageRow[]): CoverageChange {
  return { deleted: without(before, after), inserted: without(after, before) };
}

function without(rows: readonly CoverageRow[], others: readonly CoverageRow[]): CoverageRow[] {
  const bySince = new Map(others.map((row) => [row.since, row]));
  return rows.filter((row) => !areEqual(row, bySince.get(row.since)));
}

function areEqual(a: CoverageRow, b: CoverageRow | undefined): boolean {
  return (
    a.until === b?.until &&
    a.method === b.method &&
    a.status === b.status &&
    a.reason === b.reason &&
    a.events === b.events &&
    a.verifiedAt === b.verifiedAt
  );
}
