import type { Dial, DialFailure, Now, RelayUrl } from '@bigbrotr/models';
import { findingOfFailure, findingOfProof, proveNostr, RelayConnection, type Finding } from '@bigbrotr/nips';

export type Verdict =
  /** It answered our own subscription in the protocol's words. */
  | { readonly kind: 'relay'; readonly finding: Finding }
  | { readonly kind: 'no-relay'; readonly reason: string }
  /** Nothing was learned of it: we were told to stop, our own connections are used up, or our proxy is down. */
  | { readonly kind: 'aborted' | 'busy' | 'no-proxy' };

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
  if (!dialled.ok) return signal.aborted ? { kind: 'aborted' } : verdictOn(dialled.failure);
  try {
    const proof = await proveNostr({ signal, timeoutMs }, new RelayConnection({ now }, dialled.socket));
    if (proof.ok)
      return {
        kind: 'relay',
        finding: dialled.socket.opening.tls?.authorized === false ? UNTRUSTED : findingOfProof(proof),
      };
    return proof.reason === 'aborted'
      ? { kind: 'aborted' }
      : { kind: 'no-relay', reason: reasonOf(findingOfProof(proof)) };
  } finally {
    await dialled.socket.close();
  }
}

/** It speaks Nostr behind a certificate that nobody vouches for, and the operator admits such relays. */
const UNTRUSTED: Finding = { status: 'insecure', reason: 'tls' };

function verdictOn(failure: DialFailure): Verdict {
  if (failure.reason === 'blocked' && failure.code === 'busy') return { kind: 'busy' };
  // With an answer of the proxy it is the relay that cannot be reached.
  if (failure.reason === 'proxy' && !failure.code?.startsWith('socks-')) return { kind: 'no-proxy' };
  return { kind: 'no-relay', reason: reasonOf(findingOfFailure(failure)) };
}

function reasonOf({ status, reason }: Finding): string {
  return reason ?? status;
}
