import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';

export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  /** Also while others are connected. */
  drop(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** Databases of one key share a template. Default: a hash of the migrations. */
  readonly key?: string;
  /** Administrator's URL of a throw-away server. Default: `BIGBROTR_TEST_POSTGRES_URL`, which `npm test` sets. */
  readonly serverUrl?: string;
}

const MIGRATIONS = fileURLToPath(new URL('../../../migrations', import.meta.url));

/** Any number that all workers agree on. */
const TEMPLATE_LOCK = 7_340_611;

/** A migrated database of its own, in some 50 ms: a copy of a template that the first caller of the run migrates. */
export async function createTestDatabase(
  migrate: (url: string) => Promise<void>,
  options: TestDatabaseOptions = {},
): Promise<TestDatabase> {
  const serverUrl = options.serverUrl ?? process.env['BIGBROTR_TEST_POSTGRES_URL'];
  if (!serverUrl) throw new Error('BIGBROTR_TEST_POSTGRES_URL is not set: run the specs by "npm test"');
  const template = `template_${options.key ?? hashOfDirectory(MIGRATIONS)}`;
  const name = `test_${randomBytes(6).toString('hex')}`;

  await asAdministrator(serverUrl, async (administrator) => {
    await ensureTemplate(administrator, serverUrl, template, migrate);
    await administrator.query(`CREATE DATABASE ${quote(name)} TEMPLATE ${quote(template)}`);
  });
  const drop = () =>
    asAdministrator(serverUrl, async (administrator) => {
      await administrator.query(`DROP DATABASE IF EXISTS ${quote(name)} WITH (FORCE)`);
    });
  return { url: withDatabase(serverUrl, name), drop, [Symbol.asyncDispose]: drop };
}

/** Migrated under another name first: a template that bears the name is complete. */
async function ensureTemplate(
  administrator: Client,
  serverUrl: string,
  template: string,
  migrate: (url: string) => Promise<void>,
): Promise<void> {
  await administrator.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
  try {
    const found = await administrator.query('SELECT 1 FROM pg_database WHERE datname = $1', [template]);
    if (found.rowCount) return;
    const draft = `${template}_draft`;
    await administrator.query(`DROP DATABASE IF EXISTS ${quote(draft)} WITH (FORCE)`);
    await administrator.query(`CREATE DATABASE ${quote(draft)}`);
    await migrate(withDatabase(serverUrl, draft));
    await administrator.query(`ALTER DATABASE ${quote(draft)} RENAME TO ${quote(template)}`);
  } finally {
    await administrator.query('SELECT pg_advisory_unlock($1)', [TEMPLATE_LOCK]);
  }
}

async function asAdministrator(serverUrl: string, act: (administrator: Client) => Promise<void>): Promise<void> {
  const administrator = new Client({ connectionString: serverUrl });
  administrator.on('error', () => undefined); // a lost server fails the query at hand
  await administrator.connect();
  try {
    await act(administrator);
  } finally {
    await administrator.end();
  }
}

function withDatabase(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

function hashOfDirectory(directory: string): string {
  const hash = createHash('sha256');
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const path of files.map((entry) => join(entry.parentPath, entry.name)).sort()) {
    hash.update(path.slice(directory.length)).update('\0').update(readFileSync(path)).update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}
