import {
  defineStage,
  hostLeaseKey,
  monitorJob,
  promoteCandidate,
  readCandidate,
  recordCandidateFailure,
  syncJob,
  validateJob,
  withLeases,
  type HandOver,
  type Logger,
  type NetworksConfig,
  type Outcome,
  type Pool,
} from '@bigbrotr/core';
import { relayUrlParts, unixNow, type Dial, type Now } from '@bigbrotr/models';

import { ValidatorConfig } from './config.js';
import { validate } from './validate.js';

export interface ValidatorModules {
  readonly pool: Pool;
  readonly dial: Dial;
  readonly handOver: HandOver;
  readonly networks: NetworksConfig;
  readonly log: Logger;
  readonly now: Now;
}

const RETRY_MS = 2_000;
/** Of all candidates of the network: none can be judged while its proxy is down. */
const PROXY_PAUSE_MS = 30_000;

export const validatorStage = defineStage({
  name: 'validator',
  config: ValidatorConfig,
  contracts: { validate: validateJob },
  start(config, { pool, dial, handOver, networks, log, now }: ValidatorModules) {
    const ladder = { baseMs: config.interval, maxMs: config.maxInterval, maxFailures: config.maxFailures };
    async function fail(candidateId: number, reason: string): Promise<Outcome> {
      await recordCandidateFailure(pool, candidateId, { reason, ...ladder });
      return { kind: 'done', result: reason };
    }

    return {
      handlers: {
        validate: async ({ candidateId }, _context, signal) => {
          const candidate = await readCandidate(pool, candidateId);
          if (!candidate) return { kind: 'done', result: 'gone' };
          const timeoutMs = networks[candidate.network].timeout;
          const host = { key: hostLeaseKey(relayUrlParts(candidate.url).hostKey), limit: config.connectionsPerHost };
          return withLeases([host], { pool, log }, signal, async ({ signal: held }) => {
            const verdict = await validate(
              candidate.url,
              { timeoutMs, allowInsecure: config.allowInsecure },
              { dial, now },
              held,
            );
            switch (verdict.kind) {
              case 'aborted':
                // Time that is up is told of the candidate, anything else of us.
                if (signal.reason === 'deadline') return fail(candidateId, 'timeout');
                return { kind: 'later', delayMs: RETRY_MS, reason: 'aborted' };
              case 'busy':
                return { kind: 'later', delayMs: RETRY_MS, reason: 'busy' };
              case 'no-proxy':
                return { kind: 'pause-queue', ms: PROXY_PAUSE_MS, reason: 'proxy' };
              case 'no-relay':
                return fail(candidateId, verdict.reason);
              case 'relay': {
                const stages = [monitorJob.stage, syncJob.stage];
                const relay = await promoteCandidate(pool, {
                  candidateId,
                  finding: verdict.finding,
                  stages,
                  at: unixNow(now),
                });
                if (!relay) return { kind: 'done', result: 'gone' };
                await handOver(monitorJob, [{ relayId: relay.id }], { network: relay.network });
                await handOver(syncJob, [{ relayId: relay.id }], { network: relay.network });
                return { kind: 'done', result: `relay-${verdict.finding.status}` };
              }
            }
          });
        },
      },
    };
  },
});
