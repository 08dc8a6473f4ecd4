import { bigint, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

import { bytea } from './bytea.js';

export const events = pgTable('events', {
  seq: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  createdAt: bigint('created_at', { mode: 'number' }).notNull(),
  expiresAt: bigint('expires_at', { mode: 'number' }),
  deletedAt: bigint('deleted_at', { mode: 'number' }),
  kind: integer().notNull(),
  id: bytea().notNull().unique(),
  pubkey: bytea().notNull(),
  sig: bytea().notNull(),
  tags: jsonb().$type<string[][]>(),
  tagvalues: text().array(),
  content: text(),
  raw: bytea(),
});

export const eventSeen = pgTable(
  'event_seen',
  {
    eventSeq: bigint('event_seq', { mode: 'number' }).notNull(),
    createdAt: bigint('created_at', { mode: 'number' }).notNull(),
    seenAt: bigint('seen_at', { mode: 'number' }).notNull(),
    relayId: integer('relay_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.relayId, table.createdAt, table.eventSeq] })],
);

export const eventsDeclined = pgTable(
  'events_declined',
  {
    relayId: integer('relay_id').notNull(),
    createdAt: bigint('created_at', { mode: 'number' }).notNull(),
    eventId: bytea('event_id').notNull(),
    reason: text().notNull(),
    declinedAt: bigint('declined_at', { mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.relayId, table.createdAt, table.eventId] })],
);
