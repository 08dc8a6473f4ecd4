import {
  defineStage,
  ensurePeriodicTasks,
  finishPeriodicTask,
  publishJob,
  type NetworksConfig,
  type NostrConfig,
  type Outcome,
  type Pool,
} from '@bigbrotr/core';
import type { Dial, Now } from '@bigbrotr/models';
import { relayUrlParts } from '@bigbrotr/models';
import { discoveryEvent, type EventTemplate, type Sign } from '@bigbrotr/nips';

import { composeAnnouncement, composeProfile, composeRelayList, type MonitorManner } from './compose.js';
import { PublisherConfig } from './config.js';
import { factsOfRound } from './facts-of-round.js';
import { Outlets } from './outlets.js';
import { publish } from './publish.js';
import { readLastRound } from './queries.js';
import { assertCanPublish, targetsOf, type Target } from './targets.js';

export interface PublisherModules {
  readonly pool: Pool;
  readonly dial: Dial;
  readonly sign: Sign;
  readonly networks: NetworksConfig;
  readonly nostr: NostrConfig;
  readonly monitor: MonitorManner;
  readonly now: Now;
}

const STAGE = 'publisher';

interface Draft {
  readonly key: string;
  readonly compose: (createdAt: number) => EventTemplate;
  readonly targets: readonly Target[];
}

export const publisherStage = defineStage({
  name: STAGE,
  config: PublisherConfig,
  contracts: { publish: publishJob },
  async start(config, { pool, dial, sign, networks, nostr, monitor, now }: PublisherModules) {
    if (config.enabled) assertCanPublish(config.relays, nostr.privateKey !== undefined);
    const targets = config.enabled ? targetsOf(config.relays, networks) : [];
    await ensurePeriodicTasks(pool, STAGE, config.enabled ? ['announcement'] : []);
    const timeoutMs = (url: Target['url']) => networks[relayUrlParts(url).network].timeout;
    const outlets = new Outlets({ timeoutMs, idleMs: config.idle, coolDownMs: config.retry }, { dial, sign, now });

    async function draftDiscovery(relayId: number): Promise<Draft | string> {
      const round = await readLastRound(pool, relayId);
      if (!round) return 'gone';
      // Its absence is the only way to say that a relay is down.
      if (!round.seen) return 'not-seen';
      // A private relay is nobody's business beyond the private network.
      const admitted = targets.filter(({ network }) => round.network !== 'local' || network === 'local');
      const event = discoveryEvent(factsOfRound(round));
      return { key: `discovery:${relayId}`, compose: () => event, targets: admitted };
    }

    async function draft(what: string, relayId: number | undefined): Promise<Draft | string> {
      if (relayId !== undefined) return draftDiscovery(relayId);
      switch (what) {
        case 'announcement':
          return { key: what, compose: (at) => composeAnnouncement(config, monitor, networks, at), targets };
        case 'relay-list':
          return { key: what, compose: (at) => composeRelayList(targets, at), targets };
        default: {
          const profile = composeProfile(config, 0);
          return profile ? { key: what, compose: (at) => ({ ...profile, created_at: at }), targets } : 'no-profile';
        }
      }
    }

    async function conclude(what: string, result: string): Promise<Outcome> {
      const failed = result === 'undelivered';
      if (what === 'announcement')
        await finishPeriodicTask(pool, { stage: STAGE, key: what, dueInMs: config.interval, failed });
      return { kind: 'done', result };
    }

    return {
      handlers: {
        publish: async ({ what, relayId }, _context, signal) => {
          if (!config.enabled) return { kind: 'done', result: 'disabled' };
          const drafted = await draft(what, relayId);
          if (typeof drafted === 'string') return { kind: 'done', result: drafted };
          const { key, compose } = drafted;
          const urls = drafted.targets.map(({ url }) => url);
          if (urls.length === 0) return { kind: 'done', result: 'no-target' };
          const options = { key, targets: urls, attempts: config.attempts, retryMs: config.retry };
          const published = await publish(compose, options, { db: pool, outlets, sign, now }, signal);
          if (published.end === 'retry') return { kind: 'later', delayMs: published.delayMs, reason: 'undelivered' };
          if (published.end === 'aborted') return { kind: 'done', result: 'aborted', again: true };
          return conclude(what, published.result);
        },
      },
      stop: () => outlets.close(),
    };
  },
});
