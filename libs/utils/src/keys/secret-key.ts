import { randomBytes } from 'node:crypto';

import { secp256k1Wasm } from '../secp256k1-wasm.js';

/**
 * A Nostr identity. The bytes are private fields, which no logger, JSON writer or inspector can see: a key that
 * slips into a log line prints as an empty object.
 */
export class SecretKey {
  readonly #bytes: Uint8Array;
  #publicKey: string | undefined;

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Undefined unless the 32 bytes are a number from 1 to the order of the group less one. */
  static fromBytes(bytes: Uint8Array): SecretKey | undefined {
    return secp256k1Wasm().isPrivate(bytes) ? new SecretKey(Uint8Array.from(bytes)) : undefined;
  }

  /** The x-only public key, hex. */
  get publicKey(): string {
    this.#publicKey ??= Buffer.from(secp256k1Wasm().xOnlyPointFromScalar(this.#bytes)).toString('hex');
    return this.#publicKey;
  }

  /** BIP-340 signature over a 32-byte hash, hex in and out, with fresh auxiliary randomness. */
  sign(hash: string): string {
    const signature = secp256k1Wasm().signSchnorr(Buffer.from(hash, 'hex'), this.#bytes, randomBytes(32));
    return Buffer.from(signature).toString('hex');
  }

  /** For the one purpose of writing a generated key to a file that only its owner reads. */
  revealHex(): string {
    return Buffer.from(this.#bytes).toString('hex');
  }
}

export function generateSecretKey(): SecretKey {
  // All but about 2^-128 of all numbers are keys; the loop is for the rest.
  for (;;) {
    const key = SecretKey.fromBytes(randomBytes(32));
    if (key !== undefined) return key;
  }
}

export function publicKeyOf(key: SecretKey): string {
  return key.publicKey;
}
