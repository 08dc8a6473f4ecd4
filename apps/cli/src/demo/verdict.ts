import type { RelayStatus } from '@bigbrotr/models';

/** What a URL that has not been looked at is. */
export const PENDING = 'pending';

/** What a failed candidate is, in the words of relays. Candidates keep the reason alone. */
export function verdictOfCandidate({
  failures,
  reason,
}: {
  readonly failures: number;
  readonly reason: string | null;
}): RelayStatus | typeof PENDING {
  if (failures === 0 || reason === null) return PENDING;
  if (reason.startsWith('not-nostr') && reason !== 'not-nostr-disconnect') return 'not_nostr';
  if (reason === 'dns') return 'dns';
  if (reason === 'tls') return 'insecure';
  if (reason.startsWith('redirect')) return 'redirected';
  if (/^http-40[123]$/.test(reason)) return 'restricted';
  return 'unreachable';
}
