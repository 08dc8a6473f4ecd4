import { overview, type Overview, type Queryable } from '@bigbrotr/core';

import type { Shell } from '../shell.js';

const ON_TERMINAL_MS = 1_000;
const IN_LOG_MS = 30_000;

/** A line that renews itself on a terminal; elsewhere a line now and then. Returns its end. */
export function showProgress(db: Queryable, { stderr }: Pick<Shell, 'stderr'>): () => void {
  const live = stderr.isTTY === true;
  let busy = false;
  let before: { readonly at: number; readonly events: number } | undefined;
  const show = async () => {
    if (busy) return;
    busy = true;
    try {
      const now = await overview(db);
      const at = performance.now();
      const rate = before ? Math.max(0, Math.round(((now.events - before.events) * 1000) / (at - before.at))) : 0;
      before = { at, events: now.events };
      stderr.write(live ? `\r\x1b[2K${line(now, rate)}` : `${line(now, rate)}\n`);
    } catch {
      // The database is away: the roles say so themselves, and a progress line has nothing to show.
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => void show(), live ? ON_TERMINAL_MS : IN_LOG_MS);
  return () => {
    clearInterval(timer);
    if (live) stderr.write('\n');
  };
}

function line({ candidates, relays, online, events, provenance, due }: Overview, rate: number): string {
  const n = (value: number) => value.toLocaleString('en');
  return `candidates ${n(candidates)}  relays ${n(relays)} (${n(online)} seen)  events ${n(events)} (+${n(rate)}/s)  provenance ${n(provenance)}  due ${n(due)}`;
}
