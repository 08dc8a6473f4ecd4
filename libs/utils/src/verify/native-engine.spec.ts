import { describe, expect, it } from '@jest/globals';

import { createNativeEngine } from './native-engine.js';

/** A library that every system has, under its names. */
const LIBC = ['libc.so.6', 'libc.so', '/usr/lib/libSystem.B.dylib'];

describe('native engine', () => {
  it('says that the library is not there', async () => {
    await expect(createNativeEngine(['libsecp256k1.so.999']).load()).rejects.toThrow('is not on this system');
  });

  it('refuses a library that lacks a function instead of calling it', async () => {
    await expect(createNativeEngine(['libsecp256k1.so.999', ...LIBC]).load()).rejects.toThrow(
      'has no secp256k1_context_create',
    );
  });

  it('says how to get it', () => {
    expect(createNativeEngine([]).remedy).toContain('apt-get install libsecp256k1-1');
  });
});
