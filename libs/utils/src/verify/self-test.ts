import { BIP340_VECTORS, type SignatureVector } from './bip340-vectors.js';
import type { SignatureEngine } from './signature-engine.js';

/** Runs the engine on signatures whose verdict is known; the first wrong one is named, undefined means all are right. */
export function selfTest(engine: SignatureEngine): string | undefined {
  for (const { name, id, pubkey, sig, valid } of selfTestVectors()) {
    let verdict: boolean;
    try {
      verdict = engine.verify(id, pubkey, sig);
    } catch (error) {
      return `self-test: threw ${String(error)} on ${name}`;
    }
    if (verdict !== valid)
      return `self-test: ${valid ? 'rejected a valid' : 'accepted an invalid'} signature (${name})`;
  }
  return undefined;
}

/** A valid vector follows every group of broken ones, so that an engine which breaks after a refusal is found too. */
function* selfTestVectors(): Generator<SignatureVector> {
  yield* BIP340_VECTORS;
  for (const vector of BIP340_VECTORS.filter(({ valid }) => valid)) {
    yield* brokenForms(vector);
    yield vector;
  }
}

function* brokenForms(vector: SignatureVector): Generator<SignatureVector> {
  const { id, pubkey, sig } = vector;
  const broken = (how: string, change: Partial<SignatureVector>): SignatureVector => ({
    ...vector,
    ...change,
    name: `${vector.name}, ${how}`,
    valid: false,
  });
  yield broken('id with a flipped bit', { id: flipBit(id, 255) });
  yield broken('pubkey with a flipped bit', { pubkey: flipBit(pubkey, 0) });
  yield broken('r with a flipped bit', { sig: flipBit(sig, 77) });
  yield broken('s with a flipped bit', { sig: flipBit(sig, 511) });
  yield broken('id cut short', { id: id.slice(2) });
  yield broken('sig with a letter that is no hex digit', { sig: `${sig.slice(0, -1)}g` });
  yield broken('sig empty', { sig: '' });
}

function flipBit(hex: string, bit: number): string {
  const bytes = Buffer.from(hex, 'hex');
  const index = bit >> 3;
  bytes[index] = (bytes[index] ?? 0) ^ (0x80 >> (bit & 7));
  return bytes.toString('hex');
}
