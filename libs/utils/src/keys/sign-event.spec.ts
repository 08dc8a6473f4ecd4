import { computeEventId } from '@bigbrotr/models';
import { describe, expect, it } from '@jest/globals';

import { wasmEngine } from '../verify/wasm-engine.js';
import { generateSecretKey, publicKeyOf } from './secret-key.js';
import { signEvent } from './sign-event.js';

const template = { kind: 1, created_at: 1_700_000_000, tags: [['t', 'x']], content: 'hello "you"\n' };

describe('signEvent', () => {
  it('makes a valid event of the template and nothing else', async () => {
    const key = generateSecretKey();
    const engine = await wasmEngine.load();

    const event = signEvent({ ...template, ...{ extra: 'dropped' } }, key);

    expect(event).toEqual({
      ...template,
      id: computeEventId({ ...template, pubkey: publicKeyOf(key) }),
      pubkey: publicKeyOf(key),
      sig: expect.stringMatching(/^[0-9a-f]{128}$/),
    });
    expect(engine.verify(event.id, event.pubkey, event.sig)).toBe(true);
  });

  it('signs with fresh randomness', () => {
    const key = generateSecretKey();

    expect(signEvent(template, key).sig).not.toBe(signEvent(template, key).sig);
  });
});

describe('generateSecretKey', () => {
  it('makes a different key each time', () => {
    const keys = Array.from({ length: 20 }, () => publicKeyOf(generateSecretKey()));

    expect(new Set(keys).size).toBe(20);
  });
});
