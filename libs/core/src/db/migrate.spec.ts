import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@bigbrotr/testing';
import { getTableColumns, getTableName } from 'drizzle-orm';
import pg from 'pg';

import { assertSchema, migrate } from './migrate.js';
import { SCHEMA_VERSION } from './schema-version.js';
import { candidates, candidateSources } from './tables/candidates.js';
import { events, eventsDeclined, eventSeen } from './tables/events.js';
import { metadata, relayChecks } from './tables/metadata.js';
import { auditLog, jobFailures, jobRequests } from './tables/operations.js';
import { relays, relayTasks } from './tables/relays.js';
import { syncCoverage } from './tables/sync-coverage.js';
import { relayUptimeDays, relayUptimeHours } from './tables/uptime.js';

const MAPPED = [
  relays,
  relayTasks,
  candidates,
  candidateSources,
  events,
  eventSeen,
  eventsDeclined,
  metadata,
  relayChecks,
  relayUptimeHours,
  relayUptimeDays,
  syncCoverage,
  jobRequests,
  jobFailures,
  auditLog,
];

describe('migrate', () => {
  let database: TestDatabase;
  let client: pg.Client;

  beforeAll(async () => {
    database = await createTestDatabase(() => Promise.resolve(), { key: 'empty' });
    client = new pg.Client(database.url);
    await client.connect();
  });

  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  it('refuses to work on an empty database', async () => {
    await expect(assertSchema(client)).rejects.toMatchObject({ code: 'not-migrated' });
  });

  it('is safe from several processes at once, and again', async () => {
    await Promise.all([migrate(database.url), migrate(database.url), migrate(database.url)]);
    await migrate(database.url);

    await assertSchema(client);
    const { rows } = await client.query('SELECT version FROM schema_versions ORDER BY version');
    expect(rows.at(-1)).toEqual({ version: SCHEMA_VERSION });
  });

  it.each(MAPPED.map((table) => [getTableName(table), table] as const))(
    'maps %s as it is in the database',
    async (name, table) => {
      const { rows } = await client.query<{ column_name: string; is_nullable: string }>(
        'SELECT column_name, is_nullable FROM information_schema.columns WHERE table_name = $1 ORDER BY column_name',
        [name],
      );
      const mapped = Object.values(getTableColumns(table)).map((column) => ({
        column_name: column.name,
        is_nullable: column.notNull ? 'NO' : 'YES',
      }));

      expect(mapped.sort((a, b) => (a.column_name < b.column_name ? -1 : 1))).toEqual(rows);
    },
  );

  it('leaves a schema alone that only newer code may use, and says so', async () => {
    await client.query('INSERT INTO schema_versions (version, tolerates) VALUES (999, 999)');

    await expect(assertSchema(client)).rejects.toMatchObject({ code: 'schema-newer' });
    await expect(migrate(database.url)).rejects.toMatchObject({ code: 'schema-newer' });

    await client.query('UPDATE schema_versions SET tolerates = 1 WHERE version = 999');
    await assertSchema(client);
    await client.query('DELETE FROM schema_versions WHERE version = 999');
  });

  it('names a database that does not answer, without its password', async () => {
    await expect(migrate('postgres://me:hunter2@127.0.0.1:1/nowhere')).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.not.stringContaining('hunter2'),
    });
  });
});
