import { Duration } from '@bigbrotr/core';
import { z } from 'zod';

export const DispatcherConfig = z.strictObject({
  /** From one look at what is due to the next. */
  interval: Duration.prefault('2s'),
  /** How long a claim stands before its work is due again: longer than any job waits and runs. */
  visibility: Duration.prefault('30m'),
});
export type DispatcherConfig = z.output<typeof DispatcherConfig>;
