import type { MetadataType } from '@bigbrotr/models';
import { bigint, boolean, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

import { bytea } from './bytea.js';

export const metadata = pgTable(
  'metadata',
  {
    id: bytea().notNull(),
    type: text().$type<MetadataType>().notNull(),
    data: jsonb().notNull(),
    raw: bytea(),
  },
  (table) => [primaryKey({ columns: [table.id, table.type] })],
);

/** Partitioned by month; the view `relay_metadata` adds the URL. */
export const relayChecks = pgTable(
  'relay_checks',
  {
    relayId: integer('relay_id').notNull(),
    generatedAt: bigint('generated_at', { mode: 'number' }).notNull(),
    metadataType: text('metadata_type').$type<MetadataType>().notNull(),
    metadataId: bytea('metadata_id'),
    success: boolean().notNull(),
    reason: text(),
    durationMs: integer('duration_ms'),
  },
  (table) => [primaryKey({ columns: [table.relayId, table.generatedAt, table.metadataType] })],
);
