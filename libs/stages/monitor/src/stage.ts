import {
  defineStage,
  failRelayTask,
  finishRelayTask,
  hostLeaseKey,
  monitorJob,
  readRelay,
  recordStatus,
  storeChecks,
  withLeases,
  type Logger,
  type NetworksConfig,
  type Pool,
} from '@bigbrotr/core';
import { relayUrlParts, unixNow, type Dial, type HttpGet, type Now, type ResolveFacts } from '@bigbrotr/models';
import { SEEN_STATUSES } from '@bigbrotr/nips';

import { MonitorConfig } from './config.js';
import { inspect } from './inspect.js';

export interface MonitorModules {
  readonly pool: Pool;
  readonly dial: Dial;
  readonly httpGet: HttpGet;
  readonly resolveFacts: ResolveFacts;
  readonly networks: NetworksConfig;
  readonly log: Logger;
  readonly now: Now;
}

export const monitorStage = defineStage({
  name: 'monitor',
  config: MonitorConfig,
  contracts: { monitor: monitorJob },
  start(config, { pool, networks, log, ...modules }: MonitorModules) {
    return {
      handlers: {
        monitor: async ({ relayId }, _context, signal) => {
          const relay = await readRelay(pool, relayId);
          if (!relay) return { kind: 'done', result: 'gone' };
          const timeoutMs = networks[relay.network].timeout;
          const host = { key: hostLeaseKey(relayUrlParts(relay.url).hostKey), limit: config.connectionsPerHost };
          return withLeases([host], { pool, log }, signal, async ({ signal: held }) => {
            const { finding, checks } = await inspect(relay.url, { timeoutMs, checks: config.checks }, modules, held);
            // What was cut short by us says nothing about the relay.
            if (held.aborted) return { kind: 'done', result: 'aborted', again: true };
            const at = unixNow(modules.now);
            const seen = SEEN_STATUSES.includes(finding.status);
            await storeChecks(pool, relay.url, at, checks);
            await recordStatus(pool, relay.id, { ...finding, seen, at });
            if (seen) await finishRelayTask(pool, { stage: 'monitor', relayId, dueInMs: config.interval });
            else await failRelayTask(pool, { stage: 'monitor', relayId, baseMs: config.retry, maxMs: config.maxInterval });
            return { kind: 'done', result: finding.status };
          });
        },
      },
    };
  },
});
