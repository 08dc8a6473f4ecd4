import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import {
  defineStage,
  ensurePeriodicTasks,
  finishPeriodicTask,
  readJobRequest,
  seedJob,
  validateJob,
  type HandOver,
  type Logger,
  type NetworksConfig,
  type Pool,
} from '@bigbrotr/core';
import { NETWORKS, unixNow, type Now } from '@bigbrotr/models';

import { SeederConfig } from './config.js';
import { hashFile, readSeedFile } from './read-seeds.js';
import { SeedFileError } from './seed-file-error.js';
import { seed } from './seed.js';

export interface SeederModules {
  readonly pool: Pool;
  readonly handOver: HandOver;
  readonly networks: NetworksConfig;
  readonly log: Logger;
  readonly now: Now;
}

const SHIPPED_LIST = fileURLToPath(new URL('../../../../deployments/bigbrotr/seed-relays.txt', import.meta.url));
/** A list that was read is not read again: another content is another task. */
const NEVER_MS = 100 * 365 * 86_400_000;

export const seederStage = defineStage({
  name: 'seeder',
  config: SeederConfig,
  contracts: { seed: seedJob },
  async start(config, { pool, handOver, networks, log, now }: SeederModules) {
    const file = config.file === undefined ? SHIPPED_LIST : resolve(config.file);
    const hash = await hashFile(file).catch((error: unknown) => {
      throw new SeedFileError(`The seed list ${file} cannot be read. Check seeder.file.`, { file }, { cause: error });
    });
    await ensurePeriodicTasks(pool, 'seeder', [taskKey({ hash, file })]);

    async function admit(
      urls: AsyncIterable<string> | Iterable<string>,
      source: string,
      signal: AbortSignal,
    ): Promise<void> {
      const summary = await seed(urls, { source, local: networks.local.enabled, at: unixNow(now) }, pool, signal);
      for (const network of NETWORKS) {
        const candidates = summary.added.filter((c) => c.network === network);
        if (networks[network].enabled)
          await handOver(
            validateJob,
            candidates.map((c) => ({ candidateId: c.id })),
            { network },
          );
      }
      log.info({ source, lines: summary.lines, added: summary.added.length, rejected: summary.rejected }, 'seeded');
    }

    return {
      handlers: {
        seed: async ({ hash, file, requestId }, _context, signal) => {
          if (file !== undefined) {
            await admit(readSeedFile(file), `seed:${basename(file)}`, signal);
            await finishPeriodicTask(pool, {
              stage: 'seeder',
              key: taskKey({ hash, file }),
              dueInMs: NEVER_MS,
              failed: false,
            });
          } else {
            const request = requestId === undefined ? undefined : await readJobRequest(pool, requestId);
            if (request?.body.kind !== 'seed') return { kind: 'fatal', reason: 'names no list that is there' };
            await admit(request.body.urls, 'request', signal);
          }
          return { kind: 'done', result: 'seeded' };
        },
      },
    };
  },
});

/** The dispatcher takes it apart again at the first space. */
function taskKey({ hash, file }: { readonly hash: string; readonly file: string }): string {
  return `${hash} ${file}`;
}
