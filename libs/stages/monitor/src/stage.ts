import {
  defineStage,
  failRelayTask,
  finishRelayTask,
  hostLeaseKey,
  monitorJob,
  publishJob,
  putChecks,
  readRelay,
  readRelayHealth,
  readRelayProbes,
  recordStatus,
  transaction,
  withLeases,
  writeRelayProbes,
  type HandOver,
  type Logger,
  type NetworksConfig,
  type Outcome,
  type Pool,
  type Relay,
  type RelayHealth,
} from '@bigbrotr/core';
import { relayUrlParts, unixNow, type Dial, type HttpGet, type Now, type ResolveFacts } from '@bigbrotr/models';
import { SEEN_STATUSES, type IpDatabases, type Sign } from '@bigbrotr/nips';

import { createCanaries } from './canaries.js';
import { MonitorConfig } from './config.js';
import { inspect, type Inspection } from './inspect.js';
import { isProbeDue, mergeProbes } from './probes.js';
import { readOldestSeen } from './queries.js';
import { verdictOf } from './verdict.js';

export interface MonitorModules {
  readonly pool: Pool;
  readonly dial: Dial;
  readonly httpGet: HttpGet;
  readonly resolveFacts: ResolveFacts;
  readonly sign: Sign;
  readonly handOver: HandOver;
  /** Absent: nothing is known of places and networks. */
  readonly ipDatabases?: IpDatabases;
  readonly networks: NetworksConfig;
  /** Somebody publishes what is found. */
  readonly publishing: boolean;
  readonly log: Logger;
  readonly now: Now;
}

const STAGE = 'monitor';
/** How long we stay away from a network on which we seem to be offline, and believe it. */
const OFFLINE_MS = 30_000;

export const monitorStage = defineStage({
  name: STAGE,
  config: MonitorConfig,
  contracts: { monitor: monitorJob },
  start(config, { pool, networks, handOver, publishing, log, ...modules }: MonitorModules) {
    const isOnline = createCanaries({ networks, holdMs: OFFLINE_MS }, modules);

    async function look(relay: Relay, signal: AbortSignal): Promise<Outcome> {
      const startedAt = unixNow(modules.now);
      const probes = await readRelayProbes(pool, relay.id);
      const { support, write, ...checks } = config.checks;
      const due = isProbeDue(probes, startedAt, config.probeInterval);
      const options = {
        timeoutMs: networks[relay.network].timeout,
        checks,
        support: support && due.support,
        write: write && due.write,
        maxPow: config.maxPow,
      };
      const inspection = await inspect(relay.url, options, modules, signal);
      // What was cut short by us says nothing about the relay.
      const isCut = () => signal.aborted;
      if (isCut()) return { kind: 'done', result: 'aborted', again: true };
      const seen = SEEN_STATUSES.includes(inspection.finding.status);
      const online = seen || (await isOnline(relay.network, signal));
      if (isCut()) return { kind: 'done', result: 'aborted', again: true };
      if (!online) return { kind: 'pause-queue', ms: OFFLINE_MS, reason: 'offline' };
      const health = await readRelayHealth(pool, relay.id, STAGE);
      if (!health) return { kind: 'done', result: 'gone' };
      await record(relay, inspection, health, probes);
      if (seen && publishing && config.publish) await handOver(publishJob, [{ what: 'discovery', relayId: relay.id }]);
      return { kind: 'done', result: inspection.finding.status };
    }

    /** The round, the verdict and the schedule stand or fall together. */
    async function record(
      relay: Relay,
      { finding, checks, probed }: Inspection,
      health: RelayHealth,
      before: Awaited<ReturnType<typeof readRelayProbes>>,
    ) {
      const at = unixNow(modules.now);
      const verdict = verdictOf(finding, health, {
        confirmations: config.confirmations,
        deadAfter: config.deadAfter / 1000,
        at,
      });
      const seen = SEEN_STATUSES.includes(finding.status);
      await transaction(pool, async (tx) => {
        await putChecks(tx, relay.url, at, checks);
        await recordStatus(tx, relay.id, { ...verdict, seen, at });
        if (probed)
          await writeRelayProbes(tx, relay.id, mergeProbes(before, probed, await readOldestSeen(tx, relay.id), at), at);
        if (seen) await finishRelayTask(tx, { stage: STAGE, relayId: relay.id, dueInMs: config.interval });
        else
          await failRelayTask(tx, { stage: STAGE, relayId: relay.id, baseMs: config.retry, maxMs: config.maxInterval });
      });
    }

    return {
      handlers: {
        monitor: async ({ relayId }, _context, signal) => {
          const relay = await readRelay(pool, relayId);
          if (!relay) return { kind: 'done', result: 'gone' };
          const host = { key: hostLeaseKey(relayUrlParts(relay.url).hostKey), limit: config.connectionsPerHost };
          return withLeases([host], { pool, log }, signal, ({ signal: held }) => look(relay, held));
        },
      },
    };
  },
});
