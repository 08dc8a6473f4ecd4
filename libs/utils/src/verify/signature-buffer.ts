/** The three values of one verification as bytes, in memory that is used again for every call. */
export interface SignatureBuffer {
  readonly id: Uint8Array;
  readonly pubkey: Uint8Array;
  readonly sig: Uint8Array;
  /** False when one of them is not exactly 32, 32 and 64 bytes of hex; the bytes are then meaningless. */
  fill(id: string, pubkey: string, sig: string): boolean;
}

export const SIGNATURE_BUFFER_BYTES = 128;

export function createSignatureBuffer(memory: Buffer = Buffer.alloc(SIGNATURE_BUFFER_BYTES)): SignatureBuffer {
  // A hex write stops at the first bad digit and leaves what an earlier call put there: the count is what tells.
  return {
    id: memory.subarray(0, 32),
    pubkey: memory.subarray(32, 64),
    sig: memory.subarray(64, 128),
    fill: (id, pubkey, sig) =>
      id.length === 64 &&
      pubkey.length === 64 &&
      sig.length === 128 &&
      memory.write(id, 0, 32, 'hex') === 32 &&
      memory.write(pubkey, 32, 32, 'hex') === 32 &&
      memory.write(sig, 64, 64, 'hex') === 64,
  };
}
