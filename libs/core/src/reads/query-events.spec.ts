import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@bigbrotr/testing';

import { migrate } from '../db/migrate.js';
import { createPool, transaction, type Pool } from '../db/pool.js';
import { eventsStatement, prepareEventsStatement, queryEvents, type EventQuery } from './query-events.js';

const ROWS = 60_000;
const AUTHORS = 300;
const AT = 1_700_000_000;

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly PlanNode[];
}

/** One author, the first, wrote a third of everything. */
const FILL = `
  INSERT INTO events (id, pubkey, created_at, kind, tags, tagvalues, content, sig)
  SELECT sha256(i::text::bytea), sha256(a.author::text::bytea), ${AT} + i, a.kind, '[]', ARRAY['e:' || i % 20000, 't:' || i % 3], repeat('x', 200), sha512(i::text::bytea)
  FROM generate_series(1, ${ROWS}) i, LATERAL (SELECT CASE WHEN i % 3 = 0 THEN 0 ELSE i % ${AUTHORS} END AS author, i / 7 % 5 AS kind) a`;

describe('eventsStatement', () => {
  let database: TestDatabase;
  let pool: Pool;
  let authors: string[];

  beforeAll(async () => {
    database = await createTestDatabase(migrate);
    pool = createPool(
      {
        url: database.url,
        max: 2,
        connectTimeoutMs: 5_000,
        statementTimeoutMs: 60_000,
        idleTimeoutMs: 5_000,
        applicationName: 'spec',
      },
      () => undefined,
    );
    await pool.query(FILL);
    await pool.query('VACUUM ANALYZE events');
    const { rows } = await pool.query<{ pubkey: string }>(
      `SELECT encode(sha256(i::text::bytea), 'hex') AS pubkey FROM generate_series(0, ${AUTHORS - 1}) i`,
    );
    authors = rows.map(({ pubkey }) => pubkey);
  }, 60_000);

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  /** What the database really did. */
  async function plan(
    query: EventQuery,
    limit = 100,
  ): Promise<{ readonly nodes: readonly PlanNode[]; readonly buffers: number }> {
    const statement = eventsStatement(query, { limit, now: AT });
    const { rows } = await transaction(pool, async (tx) => {
      await prepareEventsStatement(tx, statement, 10_000);
      return tx.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
        `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${statement.text}`,
        statement.values,
      );
    });
    const top = rows[0]!['QUERY PLAN'][0]!.Plan;
    const all = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(all)];
    return { nodes: all(top), buffers: top['Shared Hit Blocks'] + top['Shared Read Blocks'] };
  }

  const scans = (nodes: readonly PlanNode[]) =>
    nodes.filter((node) => node['Node Type'] === 'Seq Scan' && node['Relation Name'] === 'events');

  it('finds author + kind + time in 50 buffers', async () => {
    const { nodes, buffers } = await plan({
      authors: [authors[0]!],
      kinds: [1],
      since: AT + 30_000,
      until: AT + 30_400,
    });

    expect(scans(nodes)).toEqual([]);
    expect(nodes.map((node) => node['Index Name'])).toContain('events_pubkey_kind_created_at');
    expect(buffers).toBeLessThanOrEqual(50);
  });

  // As many rows as the page has, a few steps down the index, and a margin: never in proportion to what is stored.
  it.each<[string, EventQuery | ((all: readonly string[]) => EventQuery), number]>([
    ['nothing', {}, 150],
    ['a kind', { kinds: [1] }, 250],
    ['several kinds', { kinds: [0, 1, 2, 3] }, 900],
    ['a prolific author', (all) => ({ authors: [all[0]!] }), 900],
    ['a quiet author', (all) => ({ authors: [all[5]!] }), 400],
    ['a time', { since: AT + 10_000, until: AT + 10_050 }, 60],
    ['ids', { ids: ['0'.repeat(64), 'f'.repeat(64)] }, 20],
    ['a rare tag', { tags: { e: ['777'] } }, 60],
    ['a rare tag with a kind', { kinds: [1], tags: { e: ['777'] } }, 60],
    ['a rare tag with a frequent one', { tags: { e: ['777'], t: ['0'] } }, 120],
  ])('reads little for %s', async (_what, query, most) => {
    const { nodes, buffers } = await plan(typeof query === 'function' ? query(authors) : query);

    expect(scans(nodes)).toEqual([]);
    expect(buffers).toBeLessThanOrEqual(most);
  });

  it('stops when the time is over', async () => {
    const slow = queryEvents(pool, { tags: { t: ['0'] } }, { limit: 500, now: AT, timeoutMs: 1 });

    await expect(slow).rejects.toMatchObject({ code: '57014' });
  });
});
