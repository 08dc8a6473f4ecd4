import { createSignatureBuffer } from './signature-buffer.js';
import type { EngineLoader } from './signature-engine.js';

export const jsEngine: EngineLoader = {
  name: 'js',
  remedy: 'run `npm ci`: the package @noble/curves is missing',
  async load() {
    const { schnorr } = await import('@noble/curves/secp256k1.js');
    const buffer = createSignatureBuffer();

    return {
      name: 'js',
      source: '@noble/curves',
      verify: (id, pubkey, sig) => buffer.fill(id, pubkey, sig) && schnorr.verify(buffer.sig, buffer.id, buffer.pubkey),
    };
  },
};
