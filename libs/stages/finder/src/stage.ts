import {
  defineStage,
  ensurePeriodicTasks,
  findJob,
  finishPeriodicTask,
  validateJob,
  type HandOver,
  type Logger,
  type NetworksConfig,
  type Pool,
} from '@bigbrotr/core';
import { NETWORKS, unixNow, type HttpGet, type Now } from '@bigbrotr/models';

import { FinderConfig } from './config.js';
import { findInHttpList } from './sources/http-list.js';
import { findInMentions } from './sources/mentions.js';
import type { SourceResult } from './sources/source.js';

export interface FinderModules {
  readonly pool: Pool;
  readonly httpGet: HttpGet;
  readonly handOver: HandOver;
  readonly networks: NetworksConfig;
  readonly log: Logger;
  readonly now: Now;
}

const MENTIONS = 'mentions';

export const finderStage = defineStage({
  name: 'finder',
  config: FinderConfig,
  contracts: { find: findJob },
  async start(config, { pool, httpGet, handOver, networks, log, now }: FinderModules) {
    const apis = new Map(config.api.sources.filter((s) => s.enabled).map((s) => [`api:${s.name}`, s]));
    await ensurePeriodicTasks(pool, 'finder', [MENTIONS, ...apis.keys()]);
    const local = networks.local.enabled && networks.local.discover;

    async function look(
      source: string,
      signal: AbortSignal,
    ): Promise<{ result: SourceResult; dueInMs: number } | undefined> {
      const at = unixNow(now);
      if (source === MENTIONS) {
        const result = await findInMentions({ batch: config.mentions.batch, local, at }, { pool }, signal);
        return { result, dueInMs: config.mentions.interval };
      }
      const api = apis.get(source);
      if (!api) return undefined;
      const options = { source: api, timeoutMs: config.api.timeout, maxBytes: config.api.maxBytes, local, at };
      return { result: await findInHttpList(options, { db: pool, httpGet }, signal), dueInMs: api.interval };
    }

    return {
      handlers: {
        find: async ({ source }, _context, signal) => {
          const looked = await look(source, signal);
          if (!looked) return { kind: 'fatal', reason: `no source is called ${source}` };
          const { result, dueInMs } = looked;
          await finishPeriodicTask(pool, { stage: 'finder', key: source, dueInMs, failed: !result.ok });
          if (!result.ok) {
            log.warn({ source, reason: result.reason }, 'source failed');
            return { kind: 'done', result: 'source-failed' };
          }
          for (const network of NETWORKS) {
            const candidates = result.added.filter((c) => c.network === network);
            if (networks[network].enabled)
              await handOver(
                validateJob,
                candidates.map((c) => ({ candidateId: c.id })),
                { network },
              );
          }
          if (result.seen > 0)
            log.debug(
              { source, seen: result.seen, added: result.added.length, rejected: Object.fromEntries(result.rejected) },
              'source read',
            );
          return { kind: 'done', result: result.added.length > 0 ? 'found' : 'nothing-new' };
        },
      },
    };
  },
});
