import type { JobQueue, QueueBackend } from './backend.js';
import type { Contract, PayloadInput, Versioned } from './contract.js';
import { queueName } from './contract.js';
import { jobOptions } from './job-options.js';
import { QueueError } from './queue-error.js';

/** A job that comes again and again. The entities have their schedule in PostgreSQL; this is for the few that look there. */
export interface Schedule {
  readonly id: string;
  readonly queue: string;
  readonly contract: Contract;
  readonly everyMs: number;
  readonly data: unknown;
}

/** More than a handful means that somebody schedules entities here. */
const MAX_SCHEDULES = 10;

export function defineSchedule<P extends Versioned>(
  contract: Contract<P>,
  everyMs: number,
  payload: PayloadInput<P>,
): Schedule {
  const data = contract.encode(payload);
  return { id: contract.dedup(data), queue: queueName(contract), contract, everyMs, data };
}

/**
 * Makes the schedulers in the backend those of the list: the missing, the changed and the broken are made anew, those
 * of the same queues that are not listed go. Returns how many were touched; 0 is the normal answer, and costs a few reads.
 */
export async function ensureSchedules(backend: QueueBackend, schedules: readonly Schedule[]): Promise<number> {
  if (schedules.length > MAX_SCHEDULES) {
    throw new QueueError(
      'queue-config',
      `${schedules.length} schedules, ${MAX_SCHEDULES} allowed: what is due belongs into relay_tasks.`,
    );
  }
  let touched = 0;
  for (const schedule of schedules) {
    const queue = backend.queue(schedule.queue);
    if (await isSound(queue, schedule)) continue;
    const { attempts, backoff } = jobOptions(schedule.contract, 'scheduled');
    await queue.upsertJobScheduler(
      schedule.id,
      { every: schedule.everyMs },
      {
        name: schedule.contract.queue,
        data: schedule.data,
        opts: { ...(attempts !== undefined && { attempts }), ...(backoff !== undefined && { backoff }) },
      },
    );
    touched += 1;
  }
  for (const name of new Set(schedules.map(({ queue }) => queue)))
    touched += await prune(backend.queue(name), schedules);
  return touched;
}

async function isSound(queue: JobQueue, { id, everyMs, data }: Schedule): Promise<boolean> {
  const found = await queue.getJobScheduler(id);
  if (!found || found.every !== everyMs || !sameJson(found.template?.data, data)) return false;
  // A process that dies between two runs can leave a scheduler without its next job: it would be silent for ever.
  if (await queue.getJob(`repeat:${id}:${found.next ?? 0}`)) return true;
  const now = await queue.getJobScheduler(id);
  return now !== undefined && now.next !== found.next;
}

async function prune(queue: JobQueue, schedules: readonly Schedule[]): Promise<number> {
  const ids = new Set(schedules.filter((schedule) => schedule.queue === queue.name).map(({ id }) => id));
  const found = await queue.getJobSchedulers(0, 99, true);
  const strangers = found.filter(({ key }) => !ids.has(key));
  for (const { key } of strangers) await queue.removeJobScheduler(key);
  return strangers.length;
}

function sameJson(a: unknown, b: unknown): boolean {
  const sorted = (value: unknown): string =>
    JSON.stringify(value, (_key, v: unknown) =>
      typeof v === 'object' && v !== null && !Array.isArray(v)
        ? Object.fromEntries(Object.entries(v).sort(([x], [y]) => (x < y ? -1 : 1)))
        : v,
    );
  return sorted(a) === sorted(b);
}
