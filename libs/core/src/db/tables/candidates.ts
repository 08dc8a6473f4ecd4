import type { Network, RelayUrl } from '@bigbrotr/models';
import { bigint, boolean, integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

export const candidates = pgTable('candidates', {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  url: text().$type<RelayUrl>().notNull().unique(),
  network: text().$type<Network>().notNull(),
  host: text().notNull(),
  registrableDomain: text('registrable_domain'),
  discoveredAt: bigint('discovered_at', { mode: 'number' }).notNull(),
  sources: integer().notNull().default(0),
  failures: integer().notNull().default(0),
  reason: text(),
  exhausted: boolean().notNull().default(false),
  nextDueAt: timestamp('next_due_at', { withTimezone: true }).notNull().defaultNow(),
  claimedAt: timestamp('claimed_at', { withTimezone: true }),
  claims: integer().notNull().default(0),
});

export const candidateSources = pgTable(
  'candidate_sources',
  {
    url: text().$type<RelayUrl>().notNull(),
    source: text().notNull(),
    foundAt: bigint('found_at', { mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.url, table.source] })],
);
