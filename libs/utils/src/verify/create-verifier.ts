import { AppError } from '@bigbrotr/models';

import { jsEngine } from './js-engine.js';
import { nativeEngine } from './native-engine.js';
import { selfTest } from './self-test.js';
import type { EngineLoader, EngineName, SignatureEngine } from './signature-engine.js';
import { createTurns } from './turns.js';
import { wasmEngine } from './wasm-engine.js';

export interface VerifierOptions {
  /** `auto` takes the best engine that passes the self-test; a named one is taken or refused, never replaced. */
  readonly engine: EngineName | 'auto';
}

export interface VerifierModules {
  readonly log?: {
    info(data: object, message: string): void;
    warn(data: object, message: string): void;
  };
  /** Best first. */
  readonly engines?: readonly EngineLoader[];
}

/** Which engine verifies, and why no better one does: for logs and `doctor`. */
export interface EngineChoice {
  readonly engine: EngineName;
  readonly source: string;
  readonly reason: string;
  readonly rejected: readonly { readonly name: EngineName; readonly why: string; readonly remedy: string }[];
  /** Set when verification will be what limits the archive (pure JavaScript: some 500 events per second and core). */
  readonly slow: boolean;
}

/** What a signature covers and by whom; every event has it. `id` must have been computed, not believed. */
export interface SignedId {
  readonly id: string;
  readonly pubkey: string;
  readonly sig: string;
}

export interface Verifier {
  readonly choice: EngineChoice;
  readonly verify: SignatureEngine['verify'];
  /** A verdict per item, in order. Any number of batches may run at once: together they hold the event loop ≤ 20 ms at a time. */
  verifyMany(items: readonly SignedId[], signal: AbortSignal): Promise<boolean[]>;
}

export class EngineUnavailableError extends AppError<'engine-unavailable'> {
  readonly code = 'engine-unavailable';
  readonly recovery = 'shut-down';
}

const SLICE_MS = 20;

export async function createVerifier(
  { engine: wanted }: VerifierOptions,
  { log, engines = [nativeEngine, wasmEngine, jsEngine] }: VerifierModules = {},
): Promise<Verifier> {
  const { engine, choice } = await choose(wanted, engines);
  if (choice.slow) log?.warn(choice, 'signatures are verified in pure javascript, which is slow');
  else log?.info(choice, 'signature engine chosen');

  const nextTurn = createTurns(SLICE_MS);

  async function verifyMany(items: readonly SignedId[], signal: AbortSignal): Promise<boolean[]> {
    const verdicts: boolean[] = [];
    let until = -Infinity;
    for (const { id, pubkey, sig } of items) {
      if (performance.now() >= until) {
        until = await nextTurn();
        signal.throwIfAborted();
      }
      verdicts.push(engine.verify(id, pubkey, sig));
    }
    return verdicts;
  }

  return { choice, verify: (id, pubkey, sig) => engine.verify(id, pubkey, sig), verifyMany };
}

async function choose(
  wanted: EngineName | 'auto',
  engines: readonly EngineLoader[],
): Promise<{ engine: SignatureEngine; choice: EngineChoice }> {
  const rejected: { name: EngineName; why: string; remedy: string }[] = [];
  for (const loader of engines) {
    if (wanted !== 'auto' && loader.name !== wanted) continue;
    const loaded = await load(loader);
    if ('engine' in loaded) {
      const { name, source } = loaded.engine;
      const reason = wanted === 'auto' ? 'the best engine that passed the self-test' : 'asked for by the configuration';
      return { engine: loaded.engine, choice: { engine: name, source, reason, rejected, slow: name === 'js' } };
    }
    rejected.push({ name: loader.name, why: loaded.why, remedy: loader.remedy });
  }
  const details = rejected.map(({ name, why, remedy }) => `${name}: ${why}; ${remedy}`).join('. ');
  throw new EngineUnavailableError(`no signature engine (verify.engine: ${wanted}). ${details}`, { engine: wanted });
}

async function load(loader: EngineLoader): Promise<{ engine: SignatureEngine } | { why: string }> {
  try {
    const engine = await loader.load();
    const fault = selfTest(engine);
    return fault === undefined ? { engine } : { why: fault };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}
