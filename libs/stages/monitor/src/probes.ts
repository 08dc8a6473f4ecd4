import type { RelayProbes } from '@bigbrotr/core';
import type { SupportFound, WriteCheck } from '@bigbrotr/nips';

/** What one look tried. */
export interface Probed {
  readonly support?: SupportFound;
  readonly write?: WriteCheck;
}

/** `at` in unix seconds. */
export function isProbeDue(
  probes: RelayProbes | undefined,
  at: number,
  intervalMs: number,
): { readonly support: boolean; readonly write: boolean } {
  const since = at - intervalMs / 1000;
  return { support: (probes?.probedAt ?? 0) <= since, write: (probes?.write?.at ?? 0) <= since };
}

/** The newest word on each NIP stands; what could not be told this time stays as it was. */
export function mergeProbes(
  before: RelayProbes | undefined,
  { support, write }: Probed,
  oldestAt: number | undefined,
  at: number,
): RelayProbes {
  const oldest = oldestAt ?? before?.oldestAt;
  const lastWrite = write ? { at, ...write } : before?.write;
  return {
    probedAt: support ? at : (before?.probedAt ?? 0),
    support: { ...before?.support, ...support },
    ...(oldest !== undefined && { oldestAt: oldest }),
    ...(lastWrite && { write: lastWrite }),
  };
}
