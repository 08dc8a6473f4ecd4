import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import { MAX_PAYLOAD_BYTES, defineContract, queueName } from './contract.js';
import { CONTRACTS, contractOf, queuesOf } from './contracts/registry.js';
import { dispatchJob } from './contracts/dispatcher.js';
import { findJob } from './contracts/finder.js';
import { maintainJob } from './contracts/maintainer.js';
import { monitorJob } from './contracts/monitor.js';
import { publishJob } from './contracts/publisher.js';
import { seedJob } from './contracts/seeder.js';
import { syncJob } from './contracts/synchronizer.js';
import { validateJob } from './contracts/validator.js';
import { QueueError } from './queue-error.js';

const requestId = '6f1c3f0e-6f0e-4a6e-9a53-0d2f3a1b2c3d';

describe('contract', () => {
  it.each([
    [
      'seed',
      seedJob.encode({ hash: 'abcdef12', file: 'seed-relays.txt' }),
      seedJob.dedup({ v: 1, hash: 'abcdef12' }),
      'seed-abcdef12',
    ],
    [
      'find',
      findJob.encode({ source: 'mentions', requestId }),
      findJob.dedup({ v: 1, source: 'mentions' }),
      'find-mentions',
    ],
    ['validate', validateJob.encode({ candidateId: 5 }), validateJob.dedup({ v: 1, candidateId: 5 }), 'validate-5'],
    ['monitor', monitorJob.encode({ relayId: 5 }), monitorJob.dedup({ v: 1, relayId: 5 }), 'monitor-5'],
    ['sync', syncJob.encode({ relayId: 5 }), syncJob.dedup({ v: 1, relayId: 5 }), 'sync-5'],
    [
      'publish',
      publishJob.encode({ what: 'discovery', relayId: 5 }),
      publishJob.dedup({ v: 1, what: 'discovery', relayId: 5 }),
      'publish-discovery-5',
    ],
    ['publish', publishJob.encode({ what: 'profile' }), publishJob.dedup({ v: 1, what: 'profile' }), 'publish-profile'],
    ['dispatch', dispatchJob.encode({}), dispatchJob.dedup({ v: 1 }), 'dispatch'],
    [
      'maintain',
      maintainJob.encode({ task: 'orphans' }),
      maintainJob.dedup({ v: 1, task: 'orphans' }),
      'maintain-orphans',
    ],
  ])('of %s stamps the version and keys the work', (_queue, payload, key, expectedKey) => {
    expect(payload).toHaveProperty('v', 1);
    expect(key).toBe(expectedKey);
  });

  it.each([
    ['no list to read', () => seedJob.encode({ hash: 'abcdef12' })],
    ['an id of nobody', () => monitorJob.encode({ relayId: 0 })],
    ['an id that is no integer', () => monitorJob.encode({ relayId: 1.5 })],
    ['a request id that is none', () => monitorJob.encode({ relayId: 1, requestId: 'me' })],
    ['a discovery of no relay', () => publishJob.encode({ what: 'discovery' })],
    ['a profile of a relay', () => publishJob.encode({ what: 'profile', relayId: 5 })],
    ['a task with a colon', () => maintainJob.encode({ task: 'a:b' })],
  ])('refuses %s', (_what, encode) => {
    expect(encode).toThrow(expect.objectContaining({ code: 'payload-invalid', recovery: 'give-up' }));
  });

  it('bounds the size in bytes, not in characters', () => {
    const contract = defineContract({
      stage: 'finder',
      queue: 'find',
      perNetwork: false,
      version: 1,
      payload: z.strictObject({ v: z.literal(1), source: z.string() }),
      dedup: ({ source }) => source,
      budgetMs: 1_000,
    });
    const around = JSON.stringify({ source: '', v: 1 }).length;

    expect(contract.encode({ source: 'x'.repeat(MAX_PAYLOAD_BYTES - around) }).v).toBe(1);
    expect(() => contract.encode({ source: 'x'.repeat(MAX_PAYLOAD_BYTES - around + 1) })).toThrow(
      expect.objectContaining({ code: 'payload-size' }),
    );
    expect(() => contract.encode({ source: 'ä'.repeat(MAX_PAYLOAD_BYTES / 2) })).toThrow(
      expect.objectContaining({ code: 'payload-size' }),
    );
  });

  describe('versions', () => {
    const previous = z.strictObject({ v: z.literal(2), url: z.string() });
    const contract = defineContract({
      stage: 'monitor',
      queue: 'monitor',
      perNetwork: true,
      version: 3,
      payload: z.strictObject({ v: z.literal(3), relayId: z.int() }),
      previous: {
        payload: previous,
        upgrade: (old) => ({ v: 3, relayId: (old as z.infer<typeof previous>).url.length }),
      },
      dedup: ({ relayId }) => String(relayId),
      budgetMs: 1_000,
    });

    it('reads this one and the one before', () => {
      expect(contract.decode({ v: 3, relayId: 4 })).toEqual({ v: 3, relayId: 4 });
      expect(contract.decode({ v: 2, url: 'abcd' })).toEqual({ v: 3, relayId: 4 });
    });

    it.each([
      ['the one before that', { v: 1, url: 'abcd' }, 'payload-version'],
      ['a later one', { v: 4, relayId: 4 }, 'payload-version'],
      ['none', { relayId: 4 }, 'payload-version'],
      ['a word', { v: '3', relayId: 4 }, 'payload-version'],
      ['no object', 'v3', 'payload-version'],
      ['nothing', null, 'payload-version'],
      ['the one before in a wrong shape', { v: 2, url: 4 }, 'payload-invalid'],
    ])('refuses %s', (_what, data, code) => {
      expect(() => contract.decode(data)).toThrow(expect.objectContaining({ code }));
    });
  });
});

describe('queue names', () => {
  it('are those of the design', () => {
    expect(queuesOf(['clearnet', 'tor'])).toEqual([
      'seed',
      'find',
      'validate-clearnet',
      'validate-tor',
      'monitor-clearnet',
      'monitor-tor',
      'sync-clearnet',
      'sync-tor',
      'publish',
      'dispatch',
      'maintain',
    ]);
  });

  it('lead back to the contract', () => {
    expect(contractOf('sync-i2p')).toEqual({ contract: syncJob, network: 'i2p' });
    expect(contractOf('dispatch')).toEqual({ contract: dispatchJob });
    for (const name of ['sync', 'sync-mars', 'dispatch-tor', '']) expect(() => contractOf(name)).toThrow(QueueError);
  });

  it('need a network exactly where there is one per network', () => {
    expect(() => queueName(syncJob)).toThrow(/needs a network/);
    expect(() => queueName(dispatchJob, 'tor')).toThrow(/has no networks/);
  });

  it('are owned by one stage each', () => {
    expect(new Set(CONTRACTS.map(({ queue }) => queue)).size).toBe(CONTRACTS.length);
    expect(new Set(CONTRACTS.map(({ stage }) => stage)).size).toBe(8);
  });
});
