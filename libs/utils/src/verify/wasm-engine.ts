import { secp256k1Wasm } from '../secp256k1-wasm.js';
import { createSignatureBuffer } from './signature-buffer.js';
import type { EngineLoader } from './signature-engine.js';

export const wasmEngine: EngineLoader = {
  name: 'wasm',
  remedy: 'run `npm ci` and let Node.js use WebAssembly (no --jitless, no tight `ulimit -v`)',
  // eslint-disable-next-line @typescript-eslint/require-await -- a failure to compile is a rejection, as with the other engines
  async load() {
    const secp256k1 = secp256k1Wasm();
    const buffer = createSignatureBuffer();

    return {
      name: 'wasm',
      source: 'tiny-secp256k1',
      verify(id, pubkey, sig) {
        if (!buffer.fill(id, pubkey, sig)) return false;
        try {
          return secp256k1.verifySchnorr(buffer.id, buffer.pubkey, buffer.sig);
        } catch (error) {
          // A key off the curve or r or s out of range: a verdict like any other. (It draws the line for r at the order
          // of the group, BIP-340 at the field size: nobody can make a signature that falls between the two.)
          if (error instanceof TypeError) return false;
          throw error;
        }
      },
    };
  },
};
