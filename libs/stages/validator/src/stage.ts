import {
  defineStage,
  hostLeaseKey,
  monitorJob,
  postponeCandidate,
  promoteCandidate,
  readCandidate,
  recordCandidateFailure,
  syncJob,
  validateJob,
  withLeases,
  type HandOver,
  type Logger,
  type NetworksConfig,
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

export const validatorStage = defineStage({
  name: 'validator',
  config: ValidatorConfig,
  contracts: { validate: validateJob },
  start(config, { pool, dial, handOver, networks, log, now }: ValidatorModules) {
    return {
      handlers: {
        validate: async ({ candidateId }, _context, signal) => {
          const candidate = await readCandidate(pool, candidateId);
          if (!candidate) return { kind: 'done', result: 'gone' };
          const timeoutMs = networks[candidate.network].timeout;
          const host = { key: hostLeaseKey(relayUrlParts(candidate.url).hostKey), limit: config.connectionsPerHost };
          return withLeases([host], { pool, log }, signal, async ({ signal: held }) => {
            const verdict = await validate(candidate.url, { timeoutMs, allowInsecure: config.allowInsecure }, { dial, now }, held);
            switch (verdict.kind) {
              case 'aborted':
                await postponeCandidate(pool, candidateId, 0);
                return { kind: 'done', result: 'aborted', again: true };
              case 'no-relay': {
                const ladder = { baseMs: config.interval, maxMs: config.maxInterval, maxFailures: config.maxFailures };
                await recordCandidateFailure(pool, candidateId, { reason: verdict.reason, ...ladder });
                return { kind: 'done', result: verdict.reason };
              }
              case 'relay': {
                const stages = [monitorJob.stage, syncJob.stage];
                const relay = await promoteCandidate(pool, { candidateId, finding: verdict.finding, stages, at: unixNow(now) });
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
