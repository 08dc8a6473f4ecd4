import { bigint, boolean, integer, jsonb, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';

import { bytea } from './bytea.js';

export const jobRequests = pgTable('job_requests', {
  id: uuid().primaryKey().defaultRandom(),
  kind: text().notNull(),
  payload: jsonb().notNull(),
  status: text().notNull().default('queued'),
  idempotencyKey: text('idempotency_key').unique(),
  bodyHash: bytea('body_hash'),
  queue: text(),
  jobKey: text('job_key'),
  result: text(),
  error: text(),
  cancelRequested: boolean('cancel_requested').notNull().default(false),
  requestedBy: text('requested_by'),
  enqueuedAt: timestamp('enqueued_at', { withTimezone: true }),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  startedAt: timestamp('started_at', { withTimezone: true }),
  finishedAt: timestamp('finished_at', { withTimezone: true }),
});

export const jobFailures = pgTable('job_failures', {
  id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  queue: text().notNull(),
  jobId: text('job_id').notNull(),
  data: jsonb().notNull(),
  reason: text().notNull(),
  stack: text(),
  attempts: integer().notNull().default(0),
  stalled: integer().notNull().default(0),
  firstAt: timestamp('first_at', { withTimezone: true }).notNull().defaultNow(),
  lastAt: timestamp('last_at', { withTimezone: true }).notNull().defaultNow(),
  state: text().notNull().default('open'),
});

export const auditLog = pgTable('audit_log', {
  id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  at: timestamp({ withTimezone: true }).notNull().defaultNow(),
  actor: text().notNull(),
  action: text().notNull(),
  target: text().notNull(),
  detail: jsonb().notNull().default({}),
});
