import { createHash } from 'node:crypto';

import { canonicalJson } from '@bigbrotr/models';

import type { Queryable } from '../db/pool.js';
import type { JobRequestBody } from './request-body.js';

export type RequestStatus = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

export interface JobRequest {
  readonly id: string;
  readonly body: JobRequestBody;
  readonly status: RequestStatus;
  readonly queue: string | null;
  readonly jobKey: string | null;
  readonly result: string | null;
  readonly error: string | null;
  readonly cancelRequested: boolean;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

const COLUMNS = `id, payload AS body, status, queue, job_key AS "jobKey", result, error, cancel_requested AS "cancelRequested",
  created_at AS "createdAt", started_at AS "startedAt", finished_at AS "finishedAt"`;

export type CreateResult =
  | { readonly ok: true; readonly request: JobRequest; readonly repeated: boolean }
  | { readonly ok: false; readonly reason: 'idempotency-conflict' };

/**
 * Writes the request down before anything is enqueued, so that it survives an absent queue. The same idempotency key
 * with the same body answers with the first request; with another body it is a conflict.
 */
export async function createJobRequest(
  db: Queryable,
  body: JobRequestBody,
  options: { readonly idempotencyKey?: string; readonly requestedBy?: string } = {},
): Promise<CreateResult> {
  const hash = createHash('sha256').update(canonicalJson(body)).digest();
  const inserted = await db.query<JobRequest>(
    `INSERT INTO job_requests (kind, payload, idempotency_key, body_hash, requested_by) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (idempotency_key) DO NOTHING RETURNING ${COLUMNS}`,
    [body.kind, JSON.stringify(body), options.idempotencyKey ?? null, hash, options.requestedBy ?? null],
  );
  if (inserted.rows[0]) return { ok: true, request: inserted.rows[0], repeated: false };
  const earlier = await db.query<JobRequest>(
    `SELECT ${COLUMNS} FROM job_requests WHERE idempotency_key = $1 AND body_hash = $2`,
    [options.idempotencyKey, hash],
  );
  const request = earlier.rows[0];
  return request ? { ok: true, request, repeated: true } : { ok: false, reason: 'idempotency-conflict' };
}

export async function readJobRequest(db: Queryable, id: string): Promise<JobRequest | undefined> {
  const { rows } = await db.query<JobRequest>(`SELECT ${COLUMNS} FROM job_requests WHERE id = $1`, [id]);
  return rows[0];
}

/** Those of them that exist, in no order. */
export async function readJobRequests(db: Queryable, ids: readonly string[]): Promise<JobRequest[]> {
  const { rows } = await db.query<JobRequest>(`SELECT ${COLUMNS} FROM job_requests WHERE id = ANY ($1::uuid[])`, [ids]);
  return rows;
}

export async function listJobRequests(db: Queryable, limit: number): Promise<JobRequest[]> {
  const { rows } = await db.query<JobRequest>(
    `SELECT ${COLUMNS} FROM job_requests ORDER BY created_at DESC, id LIMIT $1`,
    [limit],
  );
  return rows;
}

/** Requests that no queue has heard of yet, oldest first. */
export async function pendingJobRequests(db: Queryable, limit: number): Promise<JobRequest[]> {
  const { rows } = await db.query<JobRequest>(
    `SELECT ${COLUMNS} FROM job_requests WHERE status = 'queued' AND enqueued_at IS NULL ORDER BY created_at, id LIMIT $1`,
    [limit],
  );
  return rows;
}

/** Says which job answers a request, before that job is added: it may be over a moment later. */
export async function assignJob(
  db: Queryable,
  id: string,
  job: { readonly queue: string; readonly key: string },
): Promise<void> {
  await db.query('UPDATE job_requests SET queue = $2, job_key = $3 WHERE id = $1', [id, job.queue, job.key]);
}

export async function markEnqueued(db: Queryable, id: string): Promise<void> {
  await db.query('UPDATE job_requests SET enqueued_at = now() WHERE id = $1', [id]);
}

/** A request that needs no job: what it asks for is so already, or cannot be. */
export async function closeJobRequest(
  db: Queryable,
  id: string,
  end: { readonly result: string } | { readonly error: string },
): Promise<void> {
  await db.query(
    `UPDATE job_requests SET status = $2, result = $3, error = $4, finished_at = now() WHERE id = $1 AND status IN ('queued', 'running')`,
    [id, 'result' in end ? 'done' : 'failed', 'result' in end ? end.result : null, 'error' in end ? end.error : null],
  );
}

/** All requests that wait for this job are running now. */
export async function markStarted(db: Queryable, job: { readonly queue: string; readonly key: string }): Promise<void> {
  await db.query(
    `UPDATE job_requests SET status = 'running', started_at = coalesce(started_at, now()) WHERE queue = $1 AND job_key = $2 AND status = 'queued'`,
    [job.queue, job.key],
  );
}

export async function markFinished(
  db: Queryable,
  job: { readonly queue: string; readonly key: string },
  end: { readonly status: 'done' | 'failed' | 'cancelled'; readonly text: string },
): Promise<void> {
  await db.query(
    `UPDATE job_requests SET status = $3, started_at = coalesce(started_at, now()), finished_at = now(), result = CASE WHEN $3 = 'failed' THEN NULL ELSE $4 END,
       error = CASE WHEN $3 = 'failed' THEN $4 END
     WHERE queue = $1 AND job_key = $2 AND status IN ('queued', 'running')`,
    [job.queue, job.key, end.status, end.text],
  );
}
