import { randomUUID } from 'node:crypto';

import { CONTROL_QUEUE, type QueueBackend } from './backend.js';

/** Where PostgreSQL remembers which backend it filled. */
export interface GenerationMirror {
  read(): Promise<string | undefined>;
  /** Only if what is there is still `expected`; false otherwise. Of several processes that notice a loss, one acts. */
  replace(expected: string | undefined, next: string): Promise<boolean>;
}

export type GenerationVerdict =
  | 'same'
  /** Neither side had one: a new installation. */
  | 'new'
  /** The backend was emptied, restored from an old copy, or exchanged. This process is the one that acts. */
  | 'lost'
  /** The same, and another process acts. */
  | 'lost-elsewhere';

/** Compares the mark in the backend with the one in PostgreSQL, and renews both when they differ. */
export async function checkGeneration(backend: QueueBackend, mirror: GenerationMirror): Promise<GenerationVerdict> {
  const control = backend.queue(CONTROL_QUEUE).getBackend();
  const expected = await mirror.read();
  const found = (await control.getQueueMetaField('generation')) ?? undefined;
  if (found !== undefined && found === expected) return 'same';
  const next = randomUUID();
  // The mirror decides. Dying after this line makes the next check find the two apart again.
  if (!(await mirror.replace(expected, next))) return 'lost-elsewhere';
  await control.setQueueMeta({ generation: next });
  return found === undefined && expected === undefined ? 'new' : 'lost';
}
