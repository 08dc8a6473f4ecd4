import { isReachable, resolveDataDir, serverAccount, type DataDir } from '@bigbrotr/utils';
import type { AppConfig } from '@bigbrotr/worker';

import type { Shell } from './shell.js';

/** Where this checkout keeps its data. */
export async function dataDirOf(
  { dataDir }: Pick<AppConfig, 'dataDir'>,
  { cwd }: Pick<Shell, 'cwd'>,
): Promise<DataDir> {
  const account = await serverAccount();
  return resolveDataDir({
    configured: dataDir,
    cwd,
    uid: process.getuid?.(),
    reachable: (path) => isReachable(path, account),
  });
}
