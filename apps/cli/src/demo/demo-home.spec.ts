import { existsSync } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';

import { loadConfig } from '@bigbrotr/core';
import { AppConfig } from '@bigbrotr/worker';
import { describe, expect, it } from '@jest/globals';

import { makeDemoHome } from './demo-home.js';

describe('makeDemoHome', () => {
  it('writes a configuration that the pipeline takes, for the one network that there is', async () => {
    await using home = await makeDemoHome('ws://127.0.0.1:1234');

    const config = loadConfig({ schema: AppConfig, env: {}, file: home.configFile });

    expect(config.dataDir).toBe(home.dataDir);
    expect(config.networks.clearnet.enabled).toBe(false);
    expect(config.networks.local).toMatchObject({ enabled: true, discover: true });
    expect(config.api.port).toBe(0);
    expect(await readFile(config.seeder.file ?? '', 'utf8')).toBe('ws://127.0.0.1:1234\n');
    expect(existsSync(home.dataDir)).toBe(false);
  });

  it('lets servers of another account in, and nobody look around', async () => {
    await using home = await makeDemoHome('ws://127.0.0.1:1234');

    expect((await stat(home.directory)).mode & 0o777).toBe(0o711);
  });

  it('is another one each time, and goes unless it is kept', async () => {
    const homes = [await makeDemoHome('ws://a'), await makeDemoHome('ws://a')] as const;
    homes[0].keep();

    for (const home of homes) await home[Symbol.asyncDispose]();

    expect(homes.map(({ directory }) => existsSync(directory))).toEqual([true, false]);
    await rm(homes[0].directory, { recursive: true });
  });
});
