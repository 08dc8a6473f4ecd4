import { Duration } from '@bigbrotr/core';
import { z } from 'zod';

export const MaintainerConfig = z.strictObject({
  /** Partitions ahead, documents that nothing refers to any more. */
  housekeeping: Duration.prefault('6h'),
  /** Copies dead letters from the queues into the database. */
  failures: Duration.prefault('1m'),
});
export type MaintainerConfig = z.output<typeof MaintainerConfig>;
