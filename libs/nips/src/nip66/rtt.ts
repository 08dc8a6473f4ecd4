import { failed, passed, wholeMs, type Check, type RttData } from './checks.js';

/** One phase: how long it took, or why it failed. */
export type RttPhase =
  { readonly ok: true; readonly ms: number } | { readonly ok: false; readonly reason: string; readonly ms?: number };

/** Phases in order; later ones are absent when they were not tried. Without an open connection there is nothing to try. */
export type RttPhases =
  | { readonly open: RttPhase & { readonly ok: true }; readonly read?: RttPhase; readonly write?: RttPhase }
  | { readonly open: RttPhase & { readonly ok: false } };

/** The seed's log of the phases. A failed opening fails the others with the same reason. */
export interface RttLogs {
  readonly open_success: boolean;
  readonly open_reason?: string;
  readonly read_success?: boolean;
  readonly read_reason?: string;
  readonly write_success?: boolean;
  readonly write_reason?: string;
}

/** The check stands and falls with the opening. */
export function rttCheck(phases: RttPhases): Check<RttData> {
  const { open } = phases;
  if (!open.ok) return failed(open.ms ?? 0, open.reason);
  const read = 'read' in phases ? phases.read : undefined;
  const write = 'write' in phases ? phases.write : undefined;
  const data: RttData = {
    rtt_open: wholeMs(open.ms),
    ...(read?.ok === true ? { rtt_read: wholeMs(read.ms) } : {}),
    ...(write?.ok === true ? { rtt_write: wholeMs(write.ms) } : {}),
  };
  return passed(open.ms + (read?.ms ?? 0) + (write?.ms ?? 0), data);
}

export function rttLogs(phases: RttPhases): RttLogs {
  const { open } = phases;
  if (!open.ok) {
    const { reason } = open;
    return {
      open_success: false,
      open_reason: reason,
      read_success: false,
      read_reason: reason,
      write_success: false,
      write_reason: reason,
    };
  }
  const read = 'read' in phases ? phases.read : undefined;
  const write = 'write' in phases ? phases.write : undefined;
  return {
    open_success: true,
    ...(read === undefined ? {} : { read_success: read.ok, ...(read.ok ? {} : { read_reason: read.reason }) }),
    ...(write === undefined ? {} : { write_success: write.ok, ...(write.ok ? {} : { write_reason: write.reason }) }),
  };
}
