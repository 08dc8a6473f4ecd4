import type { Dial, Now, RelayUrl } from '@bigbrotr/models';
import { findingOfFailure, findingOfProof, proveNostr, RelayConnection, type Finding } from '@bigbrotr/nips';

export type Verdict =
  /** It answered our own subscription in the protocol's words. */
  | { readonly kind: 'relay'; readonly finding: Finding }
  | { readonly kind: 'no-relay'; readonly reason: string }
  /** Nothing was learned: we were told to stop. */
  | { readonly kind: 'aborted' };

export interface ValidateOptions {
  readonly timeoutMs: number;
  readonly allowInsecure: boolean;
}

/** Proves that something at `url` speaks NIP-01. A sick relay is a verdict; only a bug throws. */
export async function validate(
  url: RelayUrl,
  { timeoutMs, allowInsecure }: ValidateOptions,
  { dial, now }: { readonly dial: Dial; readonly now: Now },
  signal: AbortSignal,
): Promise<Verdict> {
  const dialled = await dial(url, { signal, timeoutMs, allowInsecure });
  if (!dialled.ok) return signal.aborted ? { kind: 'aborted' } : { kind: 'no-relay', reason: reasonOf(findingOfFailure(dialled.failure)) };
  try {
    const proof = await proveNostr({ signal, timeoutMs }, new RelayConnection({ now }, dialled.socket));
    if (proof.ok) return { kind: 'relay', finding: findingOfProof(proof) };
    return proof.reason === 'aborted' ? { kind: 'aborted' } : { kind: 'no-relay', reason: reasonOf(findingOfProof(proof)) };
  } finally {
    await dialled.socket.close();
  }
}

function reasonOf({ status, reason }: Finding): string {
  return reason ?? status;
}
