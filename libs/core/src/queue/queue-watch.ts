import type { Logger } from '../logging/logger.js';

import type { QueueBackend } from './backend.js';
import { checkGeneration, type GenerationMirror, type GenerationVerdict } from './generation.js';
import { createQuietLog } from './quiet-log.js';
import { ensureSchedules, type Schedule } from './schedules.js';

export interface QueueWatchConfig {
  readonly schedules: readonly Schedule[];
  readonly everyMs?: number;
}

export interface QueueWatchModules {
  readonly backend: QueueBackend;
  readonly generation: GenerationMirror;
  /** The queues are empty or not ours: claims that were in them must become due again. */
  readonly onLost: () => Promise<void>;
  readonly log: Logger;
}

export interface QueueWatch extends AsyncDisposable {
  /** One round, now. Rounds never overlap: a second caller gets the running one. */
  check(): Promise<GenerationVerdict>;
  /** Unix milliseconds of the last round that succeeded. */
  readonly checkedAt: number | undefined;
  close(): Promise<void>;
}

/**
 * What lives only in the backend (schedulers, its mark) is asserted from here, by a plain timer: nothing in an emptied
 * backend could do it.
 */
export function startQueueWatch(
  { schedules, everyMs = 5_000 }: QueueWatchConfig,
  { backend, generation, onLost, log }: QueueWatchModules,
): QueueWatch {
  const onError = createQuietLog(log);
  let running: Promise<GenerationVerdict> | undefined;
  let checkedAt: number | undefined;

  async function round(): Promise<GenerationVerdict> {
    const verdict = await checkGeneration(backend, generation);
    if (verdict === 'lost' || verdict === 'lost-elsewhere') await backend.restore();
    await ensureSchedules(backend, schedules);
    if (verdict === 'lost') {
      log.warn({ backend: backend.kind }, 'queue backend was emptied or exchanged');
      await onLost();
    }
    checkedAt = Date.now();
    return verdict;
  }

  const check = (): Promise<GenerationVerdict> =>
    (running ??= round().finally(() => {
      running = undefined;
    }));
  const tick = (): void => void check().catch((error: unknown) => onError(error, 'watch'));
  const timer = setInterval(tick, everyMs);
  tick();

  async function close(): Promise<void> {
    clearInterval(timer);
    await running?.catch(() => undefined);
  }

  return {
    check,
    get checkedAt() {
      return checkedAt;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
