import { createRequire } from 'node:module';

import type * as TinySecp256k1 from 'tiny-secp256k1';

/**
 * libsecp256k1 compiled to WebAssembly, one instance per process. Compiled (about 20 ms) on the first call and not at
 * import: a process that neither signs nor verifies with it pays nothing, and one that is denied the address space
 * for WebAssembly can still start and verify natively.
 */
export function secp256k1Wasm(): typeof TinySecp256k1 {
  const require = createRequire(import.meta.url);
  return require('tiny-secp256k1') as typeof TinySecp256k1;
}
