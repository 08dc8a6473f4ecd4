import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import {
  contractOf,
  maskSecrets,
  settleFailureOf,
  type Bus,
  type Contract,
  type DeadLetters,
  type Pool,
  type QueueBackend,
} from '@bigbrotr/core';
import type { Network } from '@bigbrotr/models';
import { z } from 'zod';

import { redrive } from '../failures/redrive.js';
import { HttpProblem } from '../http/http-problem.js';

export interface BoardQueueModules {
  readonly backend: QueueBackend;
  readonly bus: Bus;
  readonly deadLetters: DeadLetters;
  readonly pool: Pool;
}

/** The board asks for its classes' default types; ours carry their backend. */
type AnyQueue = ConstructorParameters<typeof BullMQAdapter>[0];
type BoardJob = NonNullable<Awaited<ReturnType<BullMQAdapter['getJob']>>>;
type JobOptions = Parameters<BullMQAdapter['addJob']>[2];

/**
 * A queue as the board sees it. What the board would write straight to BullMQ goes through the contract instead: a
 * payload is checked, deduplicated and put in front like any other, and a dead letter runs again under its key.
 */
export class BoardQueue extends BullMQAdapter {
  readonly #name: string;
  readonly #contract: Contract;
  readonly #network: Network | undefined;
  readonly #modules: BoardQueueModules;

  constructor(name: string, { readOnly }: { readonly readOnly: boolean }, modules: BoardQueueModules) {
    const { contract, network } = contractOf(name);
    super(modules.backend.queue(name) as unknown as AnyQueue, {
      readOnlyMode: readOnly,
      delimiter: '-',
      description: `${contract.stage}${network === undefined ? '' : `, ${network}`}`,
      jobDataSchema: formOf(contract),
      ...(hasRelay(contract) && {
        externalJobUrl: ({ data }) => ({
          href: `/v1/relays/${(data as { relayId?: number }).relayId}`,
          displayText: 'Relay',
        }),
      }),
    });
    this.#name = name;
    this.#contract = contract;
    this.#network = network;
    this.#modules = modules;
    this.setFormatter('data', maskSecrets);
  }

  override async addJob(_name: string, data: unknown, options: JobOptions): Promise<BoardJob> {
    if (Object.keys(options).length > 0) {
      throw new HttpProblem(
        422,
        'job-options',
        'A job here has no options of its own: its queue decides. Leave them empty.',
      );
    }
    const payload = { ...(data as Record<string, unknown>) };
    const { jobId } = await this.#modules.bus.request(
      this.#contract,
      payload,
      this.#network === undefined ? {} : { network: this.#network },
    );
    const job = await this.getJob(jobId);
    if (!job) throw new HttpProblem(409, 'job-over', 'The job was taken and is over already.');
    return job;
  }

  override async getJob(id: string): Promise<BoardJob | undefined> {
    const job = await super.getJob(id);
    return job && this.#guard(job);
  }

  override async getJobs(...args: Parameters<BullMQAdapter['getJobs']>): Promise<BoardJob[]> {
    return (await super.getJobs(...args)).map((job) => this.#guard(job));
  }

  /** BullMQ's own `retry` and `updateData` know nothing of keys and contracts. */
  #guard(job: BoardJob): BoardJob {
    const letter = { queue: this.#name, jobId: job.id ?? '', data: job.data as unknown };
    return Object.assign(job, {
      retry: async () => {
        await redrive(letter, this.#modules);
        await settleFailureOf(this.#modules.pool, letter, 'redriven');
      },
      updateData: () =>
        Promise.reject(
          new HttpProblem(409, 'job-data', 'A payload is what a job is known by. Remove this job and add another.'),
        ),
    });
  }
}

/** Not for a person to say. */
const OURS: readonly string[] = ['v', 'requestId'];

/** What a person fills in. */
function formOf({ payload }: Contract): Record<string, unknown> & { readonly required: readonly string[] } {
  const schema = z.toJSONSchema(payload, { io: 'input' }) as {
    properties?: Record<string, unknown>;
    required?: string[];
  };
  const properties = Object.entries(schema.properties ?? {}).filter(([name]) => !OURS.includes(name));
  return {
    ...schema,
    properties: Object.fromEntries(properties),
    required: (schema.required ?? []).filter((name) => !OURS.includes(name)),
  };
}

function hasRelay(contract: Contract): boolean {
  return formOf(contract).required.includes('relayId');
}
