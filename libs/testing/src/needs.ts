import type { describe } from '@jest/globals';

import { hasSystemLibrary } from './system-library.js';

/** What a bare machine may lack. PostgreSQL comes with npm. */
export type Need = 'redis' | 'chromium' | 'libsecp256k1';

const IS_MET: Readonly<Record<Need, () => boolean>> = {
  redis: () => Boolean(process.env['BIGBROTR_TEST_REDIS_URL']),
  chromium: () => Boolean(process.env['BIGBROTR_TEST_CHROMIUM']),
  // Builds without the module for Schnorr signatures are of no use.
  libsecp256k1: () => hasSystemLibrary('libsecp256k1', 'secp256k1_schnorrsig_sign_custom'),
};

/** The runner prints the reasons of skipped suites: it finds them by this mark in the name. */
const MARK = 'skipped: no';

/** `describe` where the need is met; elsewhere a `describe.skip` that says in its name what is missing. */
export function needs(need: Need): (name: string, suite: () => void) => void {
  // Taken from the globals at call time: the demo imports this package outside Jest, where @jest/globals cannot be loaded.
  const jest = globalThis as unknown as { describe: typeof describe };
  if (IS_MET[need]()) return (name, suite) => jest.describe(name, suite);
  return (name, suite) => jest.describe.skip(`${name} (${MARK} ${need})`, suite);
}
