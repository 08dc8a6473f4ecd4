import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import { appConfigSchema } from './config/app-config.js';
import { loadConfig } from './config/load-config.js';
import { defineContract } from './queue/contract.js';
import type { JobContext, Outcome } from './queue/outcome.js';
import { defineStage } from './stage.js';

const seedJob = defineContract({
  stage: 'seeder',
  queue: 'seed',
  perNetwork: false,
  version: 1,
  payload: z.strictObject({ v: z.literal(1), file: z.string() }),
  dedup: ({ file }) => file,
  budgetMs: 1000,
});

const validateJob = defineContract({
  stage: 'validator',
  queue: 'validate',
  perNetwork: true,
  version: 1,
  payload: z.strictObject({ v: z.literal(1), candidateId: z.int() }),
  dedup: ({ candidateId }) => `validate-${candidateId}`,
  budgetMs: 1000,
});

interface Notes {
  note(text: string): void;
}

const seeder = defineStage({
  name: 'seeder',
  config: z.strictObject({ file: z.string().default('seeds.txt') }),
  contracts: { seed: seedJob },
  start: ({ file }, { notes }: { notes: Notes }) => ({
    handlers: {
      seed: (payload) => {
        notes.note(`${file} ${payload.file}`);
        return Promise.resolve({ kind: 'done', result: 'seeded' });
      },
    },
    stop: () => {
      notes.note('seeder stopped');
      return Promise.resolve();
    },
  }),
});

const validator = defineStage({
  name: 'validator',
  config: z.strictObject({ strict: z.boolean().default(true) }),
  contracts: { validate: validateJob },
  start: async ({ strict }, { now }: { now: () => number }) => {
    await Promise.resolve();
    return {
      handlers: {
        validate: ({ candidateId }) => Promise.resolve({ kind: 'done', result: `${strict}-${candidateId}-${now()}` }),
      },
    };
  },
});

const stages = [seeder, validator];
const context: JobContext = {
  queue: 'seed',
  jobId: '1',
  attempt: 1,
  stalls: 0,
  interactive: false,
  deadlineAt: 0,
  progress: () => Promise.resolve(),
};

describe('defineStage', () => {
  it('starts every stage with its own section and the modules that it names', async () => {
    const config = loadConfig({ schema: appConfigSchema(stages), env: { BIGBROTR__SEEDER__FILE: 'mine.txt' } });
    const said: string[] = [];
    const house = { notes: { note: (text: string) => said.push(text) }, now: () => 7, unused: true };
    const outcomes: Outcome[] = [];

    for (const stage of stages) {
      const running = await stage.start(config, house);
      for (const registration of running.registrations) {
        const payload = registration.contract.stage === 'seeder' ? { v: 1, file: 'a' } : { v: 1, candidateId: 3 };
        outcomes.push(await registration.run(payload, context, new AbortController().signal));
      }
      await running.stop();
    }

    expect(said).toEqual(['mine.txt a', 'seeder stopped']);
    expect(outcomes).toEqual([
      { kind: 'done', result: 'seeded' },
      { kind: 'done', result: 'true-3-7' },
    ]);
  });

  it('does not compile without a module, a section, or a handler', () => {
    const unused = () => {
      // @ts-expect-error the validator needs a clock
      void validator.start({ validator: { strict: true } }, {});
      // @ts-expect-error the section of another stage
      void validator.start({ seeder: { file: '' } }, { now: () => 0 });
      for (const stage of stages) {
        // @ts-expect-error one of them needs notes
        void stage.start({ seeder: { file: '' }, validator: { strict: true } }, { now: () => 0 });
      }
      defineStage({
        name: 'seeder',
        config: z.strictObject({}),
        contracts: { seed: seedJob },
        // @ts-expect-error nobody handles the seed job
        start: () => ({ handlers: {} }),
      });
      defineStage({
        name: 'seeder',
        config: z.strictObject({}),
        contracts: { seed: seedJob },
        start: () => ({
          handlers: {
            // @ts-expect-error its payload has no such field
            seed: ({ relayId }) => Promise.resolve({ kind: 'done', result: String(relayId) }),
          },
        }),
      });
    };

    expect(unused).toBeInstanceOf(Function);
  });
});
