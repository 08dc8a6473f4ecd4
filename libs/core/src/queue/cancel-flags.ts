import { CONTROL_QUEUE, type QueueBackend } from './backend.js';

/** A flag that nobody took by then belonged to a job that was over. */
const KEEP_MS = 60_000;
const FIELD = /^cancel:([^:]+):(.+)$/;

/** Asks whichever process runs the job to abort it. */
export async function requestCancel(backend: QueueBackend, queue: string, jobId: string): Promise<void> {
  await control(backend).setQueueMeta({ [`cancel:${queue}:${jobId}`]: Date.now() });
}

/** Aborts, by `abort`, the jobs of this process that somebody cancelled. One read, whatever the number of queues. */
export async function takeCancels(
  backend: QueueBackend,
  abort: (queue: string, jobId: string) => boolean,
): Promise<void> {
  const meta = await control(backend).getQueueMeta();
  const done = Object.entries(meta)
    .filter(([field, at]) => {
      const [, queue, jobId] = FIELD.exec(field) ?? [];
      if (queue === undefined || jobId === undefined) return false;
      return abort(queue, jobId) || Date.now() - Number(at) > KEEP_MS;
    })
    .map(([field]) => field);
  if (done.length > 0) await control(backend).removeQueueMetaFields(done);
}

function control(backend: QueueBackend) {
  return backend.queue(CONTROL_QUEUE).getBackend();
}
