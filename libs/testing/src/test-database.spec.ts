import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { queryOnce } from './query-once.js';
import { createTestDatabase } from './test-database.js';

describe('createTestDatabase', () => {
  it('migrates once, however many ask at the same time, and gives everybody a database of their own', async () => {
    const key = randomBytes(6).toString('hex');
    let migrations = 0;
    const migrate = async (url: string) => {
      migrations++;
      await queryOnce(url, 'CREATE TABLE made AS SELECT 1 AS n');
    };

    const databases = await Promise.all([1, 2, 3].map(() => createTestDatabase(migrate, { key })));
    await queryOnce(databases[0]!.url, 'INSERT INTO made VALUES (2)');

    expect(migrations).toBe(1);
    expect(await queryOnce(databases[0]!.url, 'SELECT n FROM made')).toEqual([{ n: 1 }, { n: 2 }]);
    expect(await queryOnce(databases[1]!.url, 'SELECT n FROM made')).toEqual([{ n: 1 }]);
    for (const database of databases) await database.drop();
    await expect(queryOnce(databases[1]!.url, 'SELECT 1')).rejects.toMatchObject({ code: '3D000' });
  }, 30_000);

  it('leaves no half template behind a failed migration', async () => {
    const key = randomBytes(6).toString('hex');
    const broken = async (url: string) => {
      await queryOnce(url, 'CREATE TABLE half AS SELECT 1 AS n');
      throw new Error('broken');
    };
    await expect(createTestDatabase(broken, { key })).rejects.toThrow('broken');

    await using database = await createTestDatabase(
      (url) => queryOnce(url, 'CREATE TABLE whole ()').then(() => undefined),
      { key },
    );

    const tables = await queryOnce(database.url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
    expect(tables).toEqual([{ tablename: 'whole' }]);
  }, 30_000);

  it('drops a database that is in use', async () => {
    const database = await createTestDatabase(() => Promise.resolve(), { key: 'empty' });
    const client = new Client({ connectionString: database.url });
    client.on('error', () => undefined);
    await client.connect();
    await database.drop();

    await expect(client.query('SELECT 1')).rejects.toThrow();
    await expect(database.drop()).resolves.toBeUndefined();
  }, 30_000);
});
