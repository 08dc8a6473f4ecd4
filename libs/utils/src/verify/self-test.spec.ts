import { describe, expect, it } from '@jest/globals';

import { selfTest } from './self-test.js';
import type { SignatureEngine } from './signature-engine.js';
import { wasmEngine } from './wasm-engine.js';

type Verify = SignatureEngine['verify'];

/** A right engine with one fault. */
async function faulty(spoil: (verify: Verify) => Verify): Promise<SignatureEngine> {
  const engine = await wasmEngine.load();
  return { ...engine, verify: spoil((...triple) => engine.verify(...triple)) };
}

describe('selfTest', () => {
  it.each<[string, (verify: Verify) => Verify, RegExp]>([
    ['accepts everything', () => () => true, /accepted an invalid/],
    ['rejects everything', () => () => false, /rejected a valid/],
    [
      'throws',
      () => () => {
        throw new Error('boom');
      },
      /threw Error: boom/,
    ],
    [
      'does not look at the id',
      (verify) => (_, pubkey, sig) => verify('0'.repeat(64), pubkey, sig),
      /rejected a valid/,
    ],
    [
      'takes a short id for a long one',
      (verify) => (id, pubkey, sig) => verify(id.padStart(64, id.slice(0, 2)), pubkey, sig),
      /id cut short/,
    ],
    [
      'stays broken after a refusal',
      (verify) => {
        let broken = false;
        return (...triple) => {
          broken ||= !verify(...triple);
          return !broken;
        };
      },
      /rejected a valid/,
    ],
  ])('names the fault of an engine that %s', async (_, spoil, fault) => {
    const found = selfTest(await faulty(spoil));

    expect(found).toMatch(fault);
    expect(found).toMatch(/^self-test: /);
  });

  it('finds nothing in a right engine', async () => {
    expect(selfTest(await faulty((verify) => verify))).toBeUndefined();
  });
});
