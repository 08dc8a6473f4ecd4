import type { Network } from '@bigbrotr/models';
import type { z } from 'zod';

import { QueueError } from './queue-error.js';

export type StageName =
  'seeder' | 'finder' | 'validator' | 'monitor' | 'synchronizer' | 'publisher' | 'dispatcher' | 'maintainer';

/** What every payload has: the version of its shape. */
export interface Versioned {
  readonly v: number;
}

/** A payload as its producer writes it: the contract adds the version. */
export type PayloadInput<P extends Versioned> = Omit<P, 'v'> & { readonly v?: number };

/** The shape before the current one. Jobs of it are still in the queue while a release rolls out. */
export interface PreviousPayload<P extends Versioned> {
  readonly payload: z.ZodType;
  /** Gets what `payload` accepted. */
  upgrade(old: unknown): P;
}

/** One kind of job: the only line that names its queue, its payload and its key. */
export interface Contract<P extends Versioned = Versioned> {
  readonly stage: StageName;
  /** Queue name, without the network. Also the name of its jobs. */
  readonly queue: string;
  /** One queue per network: a slow overlay never holds a clearnet slot. */
  readonly perNetwork: boolean;
  readonly version: number;
  readonly payload: z.ZodType<P>;
  /** Same key, same work: while one is waiting or running, another is not added. */
  dedup(payload: P): string;
  /** A trigger that comes while the job runs makes one more run, instead of being dropped. */
  readonly keepLastIfActive: boolean;
  /** Runs at most before a fault of ours makes the job a dead letter. */
  readonly attempts: number;
  /** After this the signal is aborted. */
  readonly budgetMs: number;
  /** Validates, stamps the version and bounds the size; throws a {@link QueueError}. */
  encode(payload: PayloadInput<P>): P;
  /** Reads the current and the previous version; throws a {@link QueueError}. */
  decode(data: unknown): P;
}

export interface ContractDefinition<P extends Versioned> {
  readonly stage: StageName;
  readonly queue: string;
  readonly perNetwork: boolean;
  readonly version: number;
  readonly payload: z.ZodType<P>;
  readonly previous?: PreviousPayload<P>;
  readonly dedup: (payload: P) => string;
  readonly keepLastIfActive?: boolean;
  readonly attempts?: number;
  readonly budgetMs: number;
}

/** Payloads carry ids. A body belongs into a table. */
export const MAX_PAYLOAD_BYTES = 4_096;

export function defineContract<P extends Versioned>(definition: ContractDefinition<P>): Contract<P> {
  const { queue, version, payload, previous } = definition;
  return {
    keepLastIfActive: false,
    attempts: 3,
    ...definition,
    encode(input) {
      const encoded = accept(queue, payload, { ...input, v: version });
      const bytes = Buffer.byteLength(JSON.stringify(encoded));
      if (bytes > MAX_PAYLOAD_BYTES) {
        throw new QueueError(
          'payload-size',
          `payload: ${bytes} bytes, ${MAX_PAYLOAD_BYTES} allowed. Put the body into a table and its id into the job.`,
          {
            queue,
            bytes,
          },
        );
      }
      return encoded;
    },
    decode(data) {
      const found = versionOf(data);
      if (found === version) return accept(queue, payload, data);
      if (previous && found === version - 1) return previous.upgrade(accept(queue, previous.payload, data));
      throw new QueueError(
        'payload-version',
        `payload: version ${found ?? 'missing'}, this release reads ${previous ? `${version - 1} and ` : ''}${version}`,
        {
          queue,
        },
      );
    },
  };
}

/** `validate-tor` for a contract per network, `dispatch` for the others. */
export function queueName(contract: Contract, network?: Network): string {
  if (contract.perNetwork !== (network !== undefined)) {
    throw new QueueError(
      'queue-config',
      contract.perNetwork ? `${contract.queue} needs a network` : `${contract.queue} has no networks`,
      {
        queue: contract.queue,
      },
    );
  }
  return network === undefined ? contract.queue : `${contract.queue}-${network}`;
}

function accept<T>(queue: string, schema: z.ZodType<T>, data: unknown): T {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path.join('.') ?? '';
  throw new QueueError(
    'payload-invalid',
    `payload: ${path ? `${path}: ` : ''}${issue?.message ?? 'wrong shape'}`,
    { queue, path },
    { cause: parsed.error },
  );
}

function versionOf(data: unknown): number | undefined {
  if (typeof data !== 'object' || data === null || !('v' in data)) return undefined;
  return typeof data.v === 'number' ? data.v : undefined;
}
