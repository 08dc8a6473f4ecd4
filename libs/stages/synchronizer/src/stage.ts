import {
  backOff,
  defineStage,
  failRelayTask,
  finishRelayTask,
  hostLeaseKey,
  readRelay,
  relayLeaseKey,
  syncJob,
  withLeases,
  type NetworksConfig,
  type Outcome,
  type Pool,
  type Relay,
} from '@bigbrotr/core';
import { parseRelayUrl, relayUrlParts, type RelayUrl } from '@bigbrotr/models';

import { SynchronizerConfig, type RelayOverride } from './config.js';
import { syncRelay, type SliceModules, type SliceResult } from './sync-relay.js';

const STAGE = 'synchronizer';

export interface SynchronizerModules extends Omit<SliceModules, 'db'> {
  readonly pool: Pool;
  readonly networks: NetworksConfig;
  readonly policy: { readonly expiration: 'keep' | 'drop' };
}

export const synchronizerStage = defineStage({
  name: STAGE,
  config: SynchronizerConfig,
  contracts: { sync: syncJob },
  start(config, { pool, networks, policy, ...modules }: SynchronizerModules) {
    const { rescan } = config;
    const overrides = overridesByUrl(config.overrides);

    async function slice(relay: Relay, deadlineAt: number, signal: AbortSignal): Promise<Outcome> {
      const override = overrides.get(relay.url);
      if (override?.disabled === true) {
        await finishRelayTask(pool, { stage: STAGE, relayId: relay.id, dueInMs: config.maxBackoff });
        return { kind: 'done', result: 'disabled' };
      }
      const leaseKey = relayLeaseKey(relay.id);
      const keys = [
        { key: leaseKey, limit: 1 },
        { key: hostLeaseKey(relayUrlParts(relay.url).hostKey), limit: config.connectionsPerHost },
      ];
      return withLeases(keys, { pool, log: modules.log }, signal, async ({ holder, epoch, signal: held }) => {
        const options = {
          filter: config.filter,
          pageLimit: override?.pageLimit ?? config.pageLimit,
          headOverlapMs: config.headOverlap,
          habitsExpireMs: config.habitsExpire,
          saturatedRetryMs: config.saturatedRetry,
          deadlineAt: Math.min(deadlineAt, modules.now() + (override?.sliceBudget ?? config.sliceBudget)),
          retryMs: config.retry,
          idleMs: override?.timeout ?? networks[relay.network].timeout,
          allowInsecure: override?.allowInsecure ?? false,
          expiration: policy.expiration,
          ...(rescan.enabled && {
            rescan: { recentMs: rescan.recent, recentEveryMs: rescan.recentEvery, fullEveryMs: rescan.fullEvery },
          }),
        };
        return conclude(
          relay,
          await syncRelay(relay, { leaseKey, holder, epoch }, options, { ...modules, db: pool }, held),
        );
      });
    }

    async function conclude({ id: relayId }: Relay, end: SliceResult): Promise<Outcome> {
      switch (end.end) {
        case 'complete':
          await finishRelayTask(pool, { stage: STAGE, relayId, dueInMs: config.interval });
          break;
        case 'budget':
          return { kind: 'done', result: 'budget', again: true };
        case 'fenced':
          break;
        case 'rate-limited':
          await backOff(pool, relayLeaseKey(relayId), config.coolDown);
          await finishRelayTask(pool, { stage: STAGE, relayId, dueInMs: config.coolDown });
          break;
        case 'refused':
          await failRelayTask(pool, { stage: STAGE, relayId, baseMs: config.maxBackoff, maxMs: config.maxBackoff });
          break;
        case 'interrupted':
        case 'unreachable':
          await failRelayTask(pool, { stage: STAGE, relayId, baseMs: config.backoff, maxMs: config.maxBackoff });
          break;
      }
      return { kind: 'done', result: end.end };
    }

    return {
      handlers: {
        sync: async ({ relayId }, { deadlineAt }, signal) => {
          const relay = await readRelay(pool, relayId);
          return relay ? slice(relay, deadlineAt, signal) : { kind: 'done', result: 'gone' };
        },
      },
    };
  },
});

/** However somebody wrote the URL, it is found by its canonical form. */
function overridesByUrl(overrides: readonly RelayOverride[]): ReadonlyMap<RelayUrl, RelayOverride> {
  return new Map(
    overrides.flatMap((override): [RelayUrl, RelayOverride][] => {
      const parsed = parseRelayUrl(override.url, { local: true });
      return parsed.ok ? [[parsed.url, override]] : [];
    }),
  );
}
