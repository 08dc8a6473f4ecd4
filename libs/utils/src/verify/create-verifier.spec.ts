import { breakSignature, createEventFactory } from '@bigbrotr/testing';
import { describe, expect, it } from '@jest/globals';

import { createVerifier, EngineUnavailableError } from './create-verifier.js';
import { jsEngine } from './js-engine.js';
import { createNativeEngine } from './native-engine.js';
import type { EngineLoader, SignatureEngine } from './signature-engine.js';
import { wasmEngine } from './wasm-engine.js';

const missing = createNativeEngine(['libsecp256k1.so.999']);
const forever = new AbortController().signal;

function fake(verify: SignatureEngine['verify'], name: SignatureEngine['name'] = 'native'): EngineLoader {
  return { name, remedy: 'mend it', load: () => Promise.resolve({ name, source: 'a fake', verify }) };
}

/** Passes the self-test, then does as `verify` says. */
async function afterSelfTest(verify: SignatureEngine['verify']): Promise<{ loader: EngineLoader; arm: () => void }> {
  const good = await wasmEngine.load();
  let armed = false;
  return {
    loader: fake((...triple) => (armed ? verify(...triple) : good.verify(...triple))),
    arm: () => (armed = true),
  };
}

function collectLog(): {
  lines: [string, unknown][];
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
} {
  const lines: [string, unknown][] = [];
  return { lines, info: (data) => lines.push(['info', data]), warn: (data) => lines.push(['warn', data]) };
}

describe('createVerifier', () => {
  it('takes the best engine of this machine', async () => {
    const log = collectLog();

    const { choice } = await createVerifier({ engine: 'auto' }, { log });

    expect(['native', 'wasm']).toContain(choice.engine);
    expect(choice).toMatchObject({ slow: false, reason: 'the best engine that passed the self-test' });
    expect(log.lines).toEqual([['info', choice]]);
  });

  it('falls to the next engine and says why', async () => {
    const { choice } = await createVerifier({ engine: 'auto' }, { engines: [missing, wasmEngine, jsEngine] });

    expect(choice).toMatchObject({
      engine: 'wasm',
      source: 'tiny-secp256k1',
      rejected: [{ name: 'native', why: 'libsecp256k1 is not on this system', remedy: missing.remedy }],
    });
  });

  it.each<[string, SignatureEngine['verify']]>([
    ['accepts everything', () => true],
    ['rejects everything', () => false],
    [
      'throws',
      () => {
        throw new Error('boom');
      },
    ],
  ])('never uses an engine that %s', async (_, verify) => {
    const engines = [fake(verify), wasmEngine];

    const { choice } = await createVerifier({ engine: 'auto' }, { engines });

    expect(choice.engine).toBe('wasm');
    expect(choice.rejected).toEqual([
      { name: 'native', why: expect.stringMatching(/^self-test: /), remedy: 'mend it' },
    ]);
    await expect(createVerifier({ engine: 'native' }, { engines })).rejects.toBeInstanceOf(EngineUnavailableError);
  });

  it('warns that pure javascript is slow', async () => {
    const log = collectLog();

    const { choice } = await createVerifier({ engine: 'js' }, { log });

    expect(choice).toMatchObject({ engine: 'js', slow: true, reason: 'asked for by the configuration', rejected: [] });
    expect(log.lines).toEqual([['warn', choice]]);
  });

  it('refuses to replace an engine that was asked for by name', async () => {
    const attempt = createVerifier({ engine: 'native' }, { engines: [missing, wasmEngine, jsEngine] });

    await expect(attempt).rejects.toMatchObject({
      code: 'engine-unavailable',
      recovery: 'shut-down',
      message: expect.stringMatching(/native.*not on this system.*apt-get install libsecp256k1-1/),
      detail: { engine: 'native' },
    });
  });

  it('gives up when no engine works, naming every reason', async () => {
    const attempt = createVerifier({ engine: 'auto' }, { engines: [missing, fake(() => true, 'wasm')] });

    await expect(attempt).rejects.toThrow(/native: .*not on this system.*wasm: self-test/);
  });

  it('verifies one', async () => {
    const { verify } = await createVerifier({ engine: 'wasm' });
    const event = createEventFactory({ seed: 30 }).event();

    expect(verify(event.id, event.pubkey, event.sig)).toBe(true);
    expect(verify(event.id, event.pubkey, breakSignature(event).sig)).toBe(false);
  });

  describe('verifyMany', () => {
    const events = createEventFactory({ seed: 31 }).many(200);
    const mixed = events.map((event, index) => (index % 7 === 0 ? breakSignature(event) : event));

    it('gives a verdict per item, in order', async () => {
      const verifier = await createVerifier({ engine: 'wasm' });

      const verdicts = await verifier.verifyMany(mixed, forever);

      expect(verdicts).toEqual(mixed.map((_, index) => index % 7 !== 0));
      expect(await verifier.verifyMany([], forever)).toEqual([]);
    });

    it('keeps the verdicts of batches apart that run at once', async () => {
      const verifier = await createVerifier({ engine: 'wasm' });

      const [good, some] = await Promise.all([
        verifier.verifyMany(events, forever),
        verifier.verifyMany(mixed, forever),
      ]);

      expect(good).toEqual(events.map(() => true));
      expect(some).toEqual(mixed.map((_, index) => index % 7 !== 0));
    });

    it('never holds the event loop for long', async () => {
      const { loader, arm } = await afterSelfTest(() => {
        const end = performance.now() + 2;
        while (performance.now() < end);
        return true;
      });
      const verifier = await createVerifier({ engine: 'native' }, { engines: [loader] });
      arm();
      const gaps: number[] = [];
      let last = performance.now();
      const watch = setInterval(() => {
        gaps.push(performance.now() - last);
        last = performance.now();
      }, 1);

      await Promise.all(Array.from({ length: 10 }, () => verifier.verifyMany(events.slice(0, 20), forever)));
      clearInterval(watch);

      expect(gaps.length).toBeGreaterThanOrEqual(8);
      expect(gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)]).toBeLessThan(50);
    });

    it('stops when told to', async () => {
      let verified = 0;
      const stop = new AbortController();
      const { loader, arm } = await afterSelfTest(() => {
        verified += 1;
        if (verified === 5) stop.abort(new Error('enough'));
        const end = performance.now() + 10;
        while (performance.now() < end);
        return true;
      });
      const verifier = await createVerifier({ engine: 'native' }, { engines: [loader] });
      arm();

      await expect(verifier.verifyMany(events, stop.signal)).rejects.toThrow('enough');
      expect(verified).toBeLessThan(10);
      await expect(verifier.verifyMany(events, AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
    });

    it('fails when the engine breaks, and only that batch', async () => {
      let calls = 0;
      const { loader, arm } = await afterSelfTest(() => {
        calls += 1;
        if (calls === 3) throw new Error('broken wire');
        return true;
      });
      const verifier = await createVerifier({ engine: 'native' }, { engines: [loader] });
      arm();

      await expect(verifier.verifyMany(events, forever)).rejects.toThrow('broken wire');
      expect(await verifier.verifyMany(events.slice(0, 2), forever)).toEqual([true, true]);
    });
  });
});
