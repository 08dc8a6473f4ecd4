import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A claim pushes its task so far ahead; written into the configuration, so that claims can be told from other waits. */
export const CLAIM_STANDS = '30m';

/** Files of one run, apart from everything else on the machine. */
export interface DemoHome extends AsyncDisposable {
  readonly directory: string;
  readonly configFile: string;
  readonly dataDir: string;
  /** What the pipeline says. */
  readonly logFile: string;
  /** Leaves everything for somebody to look at; otherwise all of it goes. */
  keep(): void;
}

export async function makeDemoHome(seedUrl: string, parent = tmpdir()): Promise<DemoHome> {
  const directory = await mkdtemp(join(parent, 'bigbrotr-demo-'));
  let kept = false;
  await chmod(directory, 0o711); // servers that root starts run as nobody and have to get in
  const home = {
    directory,
    configFile: join(directory, 'config.yaml'),
    dataDir: join(directory, 'data'),
    logFile: join(directory, 'up.log'),
    keep: () => void (kept = true),
    async [Symbol.asyncDispose]() {
      if (!kept) await rm(directory, { recursive: true, force: true, maxRetries: 20 });
    },
  };
  const seedFile = join(directory, 'seed-relays.txt');
  await writeFile(seedFile, `${seedUrl}\n`);
  await writeFile(home.configFile, configText({ dataDir: home.dataDir, seedFile }));
  return home;
}

/** All that makes it a demo: the simulated network instead of the live one, and shorter waits. JSON is YAML. */
function configText({ dataDir, seedFile }: { readonly dataDir: string; readonly seedFile: string }): string {
  return JSON.stringify(
    {
      dataDir,
      networks: { clearnet: { enabled: false }, local: { enabled: true, discover: true, timeout: '5s' } },
      seeder: { file: seedFile },
      finder: { mentions: { interval: '1s' } },
      dispatcher: { interval: '1s', visibility: CLAIM_STANDS },
      api: { host: '127.0.0.1', port: 0 },
    },
    null,
    2,
  );
}
