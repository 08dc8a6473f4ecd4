import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Speed for durability: these data die with the run. */
const THROW_AWAY = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MAC_BROWSERS = ['Chromium', 'Google Chrome'].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);

/**
 * Starts what the specs need and this machine has. Gives the variables that the specs look at; what is set already is
 * taken as it is. Every server goes onto `endings` (a list of functions that end things) as soon as it runs.
 */
export async function startTestServers(directory, environment, signal, endings) {
  const variables = {};
  // Only now: a bare clone has just been compiled.
  const { findRedisBinary, startPostgres, startRedis } = await import('../../../libs/utils/dist/index.js');
  if (!environment.BIGBROTR_TEST_POSTGRES_URL) {
    const server = await startPostgres({
      dataDir: join(directory, 'postgres'),
      maxConnections: 300,
      settings: THROW_AWAY,
      graceMs: 5_000,
      signal,
    });
    endings.push(() => server.stop());
    variables.BIGBROTR_TEST_POSTGRES_URL = server.url;
  }
  const binary = findRedisBinary(environment.PATH);
  if (!environment.BIGBROTR_TEST_REDIS_URL && binary) {
    const server = await startRedis({
      binary,
      dataDir: join(directory, 'redis'),
      settings: { appendonly: 'no' },
      graceMs: 5_000,
      signal,
    });
    endings.push(() => server.stop());
    variables.BIGBROTR_TEST_REDIS_URL = server.url;
  }
  const browser = findBrowser(environment.PATH);
  if (!environment.BIGBROTR_TEST_CHROMIUM && browser) variables.BIGBROTR_TEST_CHROMIUM = browser;
  return variables;
}

function findBrowser(path = '') {
  const places = path.split(delimiter).flatMap((directory) => BROWSERS.map((name) => join(directory, name)));
  return [...places, ...MAC_BROWSERS].find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
