/** Best first. */
export type EngineName = 'native' | 'wasm' | 'js';

/** BIP-340 verification of Nostr events. Every engine gives the same verdicts; only the speed differs. */
export interface SignatureEngine {
  readonly name: EngineName;
  /** What does the work, for logs: a library's file name, a package. */
  readonly source: string;
  /**
   * Whether `sig` is the signature of `pubkey` over `id`, all hex; anything malformed is `false`. Throws only when the
   * engine itself breaks. `id` must be the hash that the caller computed, never one that an event merely claims.
   */
  verify(id: string, pubkey: string, sig: string): boolean;
}

/** A way to get an engine. `load` throws, with a message for people, when this machine cannot run it. */
export interface EngineLoader {
  readonly name: EngineName;
  /** What to do to get it, as an imperative. */
  readonly remedy: string;
  load(): Promise<SignatureEngine>;
}
