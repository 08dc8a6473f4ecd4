import { hash } from 'node:crypto';

import { pointFromScalar } from 'tiny-secp256k1';

import type { Random } from './random.js';

/** A point of the curve whose discrete logarithm is known: an author, or the nonce of a signature. */
export interface TestKey {
  /** Chosen so that the point's y is even, as BIP-340 wants it. */
  readonly scalar: bigint;
  /** The point's x, 64 hex digits: as an author, the public key. */
  readonly x: string;
}

const GROUP_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const CHALLENGE_TAG = hash('sha256', 'BIP0340/challenge', 'hex').repeat(2);

export function createTestKey(random: Random): TestKey {
  const scalar = (BigInt(`0x${random.hex(32)}`) % (GROUP_ORDER - 1n)) + 1n;
  const point = pointFromScalar(Buffer.from(hex32(scalar), 'hex'), true);
  if (point === null) throw new Error('no point for a scalar within range');
  const odd = point[0] === 3;
  return { scalar: odd ? GROUP_ORDER - scalar : scalar, x: Buffer.from(point.subarray(1)).toString('hex') };
}

/**
 * A valid BIP-340 signature in a few microseconds, because the nonce is made once and used many times. That gives the
 * secret key away to anyone with two signatures: right for a seeded test, and for nothing else.
 */
export function signWithKnownNonce(id: string, author: TestKey, nonce: TestKey): string {
  const challenge = hash('sha256', Buffer.from(CHALLENGE_TAG + nonce.x + author.x + id, 'hex'), 'hex');
  return nonce.x + hex32((nonce.scalar + BigInt(`0x${challenge}`) * author.scalar) % GROUP_ORDER);
}

function hex32(value: bigint): string {
  return value.toString(16).padStart(64, '0');
}
