import { breakSignature, createEventFactory, createRandom, needs } from '@bigbrotr/testing';
import { beforeAll, describe, expect, it } from '@jest/globals';

import { BIP340_VECTORS } from './bip340-vectors.js';
import { jsEngine } from './js-engine.js';
import { nativeEngine } from './native-engine.js';
import { selfTest } from './self-test.js';
import type { EngineLoader, SignatureEngine } from './signature-engine.js';
import { wasmEngine } from './wasm-engine.js';

const EVENTS = 2_000;
const [id, pubkey, sig] = [BIP340_VECTORS[1]!.id, BIP340_VECTORS[1]!.pubkey, BIP340_VECTORS[1]!.sig];

/** Flips one bit of id, pubkey or signature, anywhere. */
function mutate(
  random: ReturnType<typeof createRandom>,
  triple: readonly [string, string, string],
): [string, string, string] {
  const mutated: [string, string, string] = [...triple];
  const field = random.below(3) as 0 | 1 | 2;
  const digit = random.below(mutated[field].length);
  const changed = parseInt(mutated[field][digit]!, 16) ^ (1 << random.below(4));
  mutated[field] = mutated[field].slice(0, digit) + changed.toString(16) + mutated[field].slice(digit + 1);
  return mutated;
}

function behaves(loader: EngineLoader): void {
  let engine: SignatureEngine;

  beforeAll(async () => {
    engine = await loader.load();
  });

  it('passes its own self-test', () => {
    expect(selfTest(engine)).toBeUndefined();
  });

  it.each(BIP340_VECTORS)('BIP-340 vector $name', (vector) => {
    expect(engine.verify(vector.id, vector.pubkey, vector.sig)).toBe(vector.valid);
  });

  it.each([
    ['empty values', '', '', ''],
    ['an id too short', id.slice(2), pubkey, sig],
    ['an id too long', `${id}00`, pubkey, sig],
    ['a pubkey with its parity byte', id, `02${pubkey}`, sig],
    ['a signature of half the length', id, pubkey, sig.slice(64)],
    ['a signature with a digit too many', id, pubkey, `${sig}0`],
    ['a digit that is none', id, pubkey, `${sig.slice(0, -1)}x`],
    ['a digit of another script', id, `${pubkey.slice(0, -1)}９`, sig],
  ])('refuses %s, even after the right values', (_, ...triple) => {
    expect(engine.verify(id, pubkey, sig)).toBe(true);
    expect(engine.verify(...triple)).toBe(false);
    expect(engine.verify(id, pubkey, sig)).toBe(true);
  });

  it(`accepts ${EVENTS} signed events and refuses ${EVENTS} with one bit flipped`, () => {
    const random = createRandom(20);
    const events = createEventFactory({ seed: 20, authors: 50 }).many(EVENTS);

    const wrong = events.filter((event) => {
      const triple = [event.id, event.pubkey, event.sig] as const;
      return !engine.verify(...triple) || engine.verify(...mutate(random, triple));
    });

    expect(wrong).toEqual([]);
    expect(engine.verify(events[0]!.id, events[0]!.pubkey, breakSignature(events[0]!).sig)).toBe(false);
  }, 60_000);
}

describe('signature engine', () => {
  describe('js', () => behaves(jsEngine));
  describe('wasm', () => behaves(wasmEngine));
  needs('libsecp256k1')('native', () => behaves(nativeEngine));
});
