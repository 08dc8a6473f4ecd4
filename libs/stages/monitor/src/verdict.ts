import type { RelayHealth } from '@bigbrotr/core';
import type { RelayStatus } from '@bigbrotr/models';
import { SEEN_STATUSES, type Finding } from '@bigbrotr/nips';

export interface VerdictOptions {
  /** Looks in a row that must miss a relay before it counts as gone. */
  readonly confirmations: number;
  /** Seconds without a sign of life after which a relay is dead. */
  readonly deadAfter: number;
  /** Unix seconds of the look. */
  readonly at: number;
}

export interface Verdict {
  readonly status: RelayStatus;
  readonly reason?: string;
}

/**
 * What a look makes of a relay's status. Who answers is up at once; who was up and is missed once keeps its status
 * until that is confirmed, so that one lost packet is no outage; who was not seen for long is dead.
 */
export function verdictOf(
  finding: Finding,
  health: RelayHealth,
  { confirmations, deadAfter, at }: VerdictOptions,
): Verdict {
  if (SEEN_STATUSES.includes(finding.status)) return finding;
  if (at - (health.lastSeenAt ?? health.discoveredAt) >= deadAfter)
    return { status: 'dead', reason: finding.reason ?? finding.status };
  const unconfirmed = SEEN_STATUSES.includes(health.status) && health.failures + 1 < confirmations;
  if (!unconfirmed) return finding;
  return { status: health.status, ...(health.reason !== null && { reason: health.reason }) };
}
