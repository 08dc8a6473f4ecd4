import { bigint, integer, pgTable, primaryKey } from 'drizzle-orm/pg-core';

/** Looks at a relay's connection in one hour, or one day (UTC); kept for ever. */
const span = {
  relayId: integer('relay_id').notNull(),
  startsAt: bigint('starts_at', { mode: 'number' }).notNull(),
  checks: integer().notNull(),
  passed: integer().notNull(),
  /** Sum over those that passed. */
  openMs: bigint('open_ms', { mode: 'number' }).notNull(),
};

export const relayUptimeHours = pgTable('relay_uptime_hours', span, (table) => [
  primaryKey({ columns: [table.relayId, table.startsAt] }),
]);

export const relayUptimeDays = pgTable('relay_uptime_days', span, (table) => [
  primaryKey({ columns: [table.relayId, table.startsAt] }),
]);
