import type { QueueBackend } from './backend.js';
import { contractOf } from './contracts/registry.js';
import { QueueError } from './queue-error.js';

export interface FoundJob {
  readonly jobId: string;
  /** Percent, when the handler says how far it is. */
  readonly progress: number | undefined;
}

/** The job that waits or runs under a deduplication key; undefined when none does. */
export async function lookUpJob(
  backend: QueueBackend,
  { queue: name, key }: { readonly queue: string; readonly key: string },
): Promise<FoundJob | undefined> {
  contractOf(name);
  const queue = backend.queue(name);
  try {
    const jobId = await queue.getDeduplicationJobId(key);
    if (jobId === null) return undefined;
    const progress = (await queue.getJob(jobId))?.progress;
    // A job that never said anything has 0.
    return { jobId, progress: typeof progress === 'number' && progress > 0 ? progress : undefined };
  } catch (cause) {
    throw new QueueError('queue-unreachable', 'The queue backend did not answer.', { queue: name }, { cause });
  }
}
