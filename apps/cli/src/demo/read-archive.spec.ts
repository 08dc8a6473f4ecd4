import {
  createPool,
  EVENT_WRITER_DEFAULTS,
  EventWriter,
  migrate,
  promoteCandidate,
  putCandidates,
  recordCandidateFailure,
  type FoundUrl,
  type Pool,
} from '@bigbrotr/core';
import type { RelayUrl } from '@bigbrotr/models';
import { createEventFactory, createTestDatabase, type TestDatabase } from '@bigbrotr/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { isSettled, readArchive, readProgress } from './read-archive.js';

const factory = createEventFactory({ seed: 21 });

function found(url: string): FoundUrl {
  return { url: url as RelayUrl, network: 'local', host: '127.0.0.1', source: 'seed:test' };
}

describe('reading the archive', () => {
  let database: TestDatabase;
  let pool: Pool;

  beforeAll(async () => {
    database = await createTestDatabase(migrate);
    const times = { connectTimeoutMs: 5_000, statementTimeoutMs: 10_000, idleTimeoutMs: 5_000 };
    pool = createPool({ url: database.url, max: 2, applicationName: 'spec', ...times }, () => undefined);
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });
  beforeEach(async () => {
    await pool.query(
      'TRUNCATE relays, candidates, candidate_sources, relay_tasks, periodic_tasks, mentions, leases, job_requests, events, event_seen CASCADE',
    );
  });

  async function addRelay(url: string): Promise<number> {
    const [candidate] = await putCandidates(pool, [found(url)], 1_700_000_000);
    const promotion = {
      candidateId: candidate!.id,
      finding: { status: 'online' },
      stages: ['synchronizer'],
      at: 1_700_000_000,
    } as const;
    return (await promoteCandidate(pool, promotion))!.id;
  }

  async function finishTasks(): Promise<void> {
    await pool.query("UPDATE relay_tasks SET finished_at = now(), next_due_at = now() + interval '10 minutes'");
  }

  it('gives events back as they came, what text cannot hold included', async () => {
    const [a, b] = [await addRelay('ws://127.0.0.1:1'), await addRelay('ws://127.0.0.1:2')];
    const plain = factory.event({ tags: [['t', 'x'], [], ['']], content: '"\\ 🤙' });
    const nul = factory.event({ tags: [['t', 'a\0b']], content: 'c\0d', created_at: 0 });
    const writer = new EventWriter({ ...EVENT_WRITER_DEFAULTS, profile: 'full' }, { pool });
    const page = { seenAt: 1_700_000_000, known: [], declined: [], mentions: [] };
    await writer.commit({ ...page, relayId: a, fresh: [plain, nul] });
    await writer.commit({ ...page, relayId: b, fresh: [nul] });

    const archive = await readArchive(pool);

    expect(new Map(archive.events.map((event) => [event.id, event]))).toEqual(
      new Map([
        [plain.id, plain],
        [nul.id, nul],
      ]),
    );
    expect(archive.sightings.map(({ eventId, url }) => `${eventId} ${url}`).sort()).toEqual(
      [`${plain.id} ws://127.0.0.1:1`, `${nul.id} ws://127.0.0.1:1`, `${nul.id} ws://127.0.0.1:2`].sort(),
    );
    expect(await readProgress(pool)).toMatchObject({
      events: 2,
      sightings: 3,
      seenOn: new Map([
        ['ws://127.0.0.1:1', 2],
        ['ws://127.0.0.1:2', 1],
      ]),
    });
  });

  it('has a verdict on relays and on candidates of its network', async () => {
    await addRelay('ws://127.0.0.1:1');
    const [fresh, failed] = await putCandidates(pool, [found('ws://127.0.0.1:2'), found('ws://127.0.0.1:3')], 1);
    await putCandidates(pool, [{ ...found('wss://relay.example'), network: 'clearnet' }], 1);
    await recordCandidateFailure(pool, failed!.id, { reason: 'not-nostr-echo', baseMs: 1, maxMs: 1, maxFailures: 9 });

    expect(fresh).toBeDefined();
    expect((await readArchive(pool)).verdicts).toEqual(
      new Map([
        ['ws://127.0.0.1:1', 'online'],
        ['ws://127.0.0.1:2', 'pending'],
        ['ws://127.0.0.1:3', 'not_nostr'],
      ]),
    );
  });

  describe('isSettled', () => {
    beforeEach(async () => {
      await addRelay('ws://127.0.0.1:1');
      await finishTasks();
    });

    it('holds when every task is done', async () => {
      await putCandidates(pool, [{ ...found('wss://relay.example'), network: 'clearnet' }], 1);

      expect(await isSettled(pool)).toBe(true);
    });

    it('holds when a task ended while it was being claimed', async () => {
      await pool.query("UPDATE relay_tasks SET claimed_at = finished_at + interval '80 milliseconds'");

      expect(await isSettled(pool)).toBe(true);
    });

    it.each([
      ['nothing is known yet', 'TRUNCATE relays, relay_tasks CASCADE'],
      ['the seed list is unread', "INSERT INTO periodic_tasks (stage, key) VALUES ('seeder', 'x')"],
      ['a mention waits', "INSERT INTO mentions (raw, source, found_at) VALUES ('ws://x', 'kind:2', 1)"],
      [
        'a candidate is due',
        "INSERT INTO candidates (url, network, host, discovered_at) VALUES ('ws://x', 'local', 'x', 1)",
      ],
      [
        'a candidate is being looked at',
        "INSERT INTO candidates (url, network, host, discovered_at, next_due_at, claimed_at) VALUES ('ws://x', 'local', 'x', 1, now() + interval '1 hour', now())",
      ],
      ['a task is due within a minute', "UPDATE relay_tasks SET next_due_at = now() + interval '50 seconds'"],
      [
        'a task is claimed and not rescheduled',
        "UPDATE relay_tasks SET claimed_at = now(), next_due_at = now() + interval '30 minutes'",
      ],
      [
        'a relay is being worked on',
        "INSERT INTO leases (key, holder, expires_at) VALUES ('relay:1', 'x', now() + interval '9 seconds')",
      ],
      ['somebody asked for a job', "INSERT INTO job_requests (kind, payload) VALUES ('sync', '{}')"],
    ])('does not hold when %s', async (_when, statement) => {
      await pool.query(statement);

      expect(await isSettled(pool)).toBe(false);
    });
  });
});
