import type { Network, RelayStatus, RelayUrl } from '@bigbrotr/models';
import { bigint, boolean, integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

export const relays = pgTable('relays', {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  url: text().$type<RelayUrl>().notNull().unique(),
  network: text().$type<Network>().notNull(),
  discoveredAt: bigint('discovered_at', { mode: 'number' }).notNull(),
  status: text().$type<RelayStatus>().notNull().default('online'),
  reason: text(),
  since: bigint({ mode: 'number' }),
  lastSeenAt: bigint('last_seen_at', { mode: 'number' }),
});

export const relayTasks = pgTable(
  'relay_tasks',
  {
    stage: text().notNull(),
    relayId: integer('relay_id').notNull(),
    network: text().$type<Network>().notNull(),
    nextDueAt: timestamp('next_due_at', { withTimezone: true }).notNull().defaultNow(),
    claimedAt: timestamp('claimed_at', { withTimezone: true }),
    finishedAt: timestamp('finished_at', { withTimezone: true }),
    claims: integer().notNull().default(0),
    failures: integer().notNull().default(0),
    disabled: boolean().notNull().default(false),
  },
  (table) => [primaryKey({ columns: [table.stage, table.relayId] })],
);
