import type { CoverageRow } from '@bigbrotr/models';
import { bigint, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

export const syncCoverage = pgTable(
  'sync_coverage',
  {
    relayId: integer('relay_id').notNull(),
    filterKey: text('filter_key').notNull(),
    since: bigint({ mode: 'number' }).notNull(),
    until: bigint({ mode: 'number' }).notNull(),
    method: text().$type<CoverageRow['method']>().notNull(),
    status: text().$type<CoverageRow['status']>().notNull(),
    reason: text(),
    events: bigint({ mode: 'number' }).notNull().default(0),
    verifiedAt: bigint('verified_at', { mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.relayId, table.filterKey, table.since] })],
);
