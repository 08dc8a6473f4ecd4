import { overview, readBacklog } from '@bigbrotr/core';

import { withDatabase } from '../connect.js';
import { EXIT, type Shell } from '../shell.js';
import type { ConfigOptions } from './load.js';

export function runStatus(
  { json = false, ...options }: ConfigOptions & { readonly json?: boolean },
  shell: Shell,
): Promise<number> {
  return withDatabase(options, shell, async (pool) => {
    const [archive, backlog] = await Promise.all([overview(pool), readBacklog(pool)]);
    if (json) {
      shell.stdout.write(`${JSON.stringify({ ...archive, backlog })}\n`);
      return EXIT.ok;
    }
    const n = (value: number) => value.toLocaleString('en').padStart(12);
    const rows = [
      ['candidates', archive.candidates],
      ['  given up', archive.exhausted],
      ['relays', archive.relays],
      ['  seen', archive.online],
      ['events', archive.events],
      ['provenance', archive.provenance],
    ] as const;
    for (const [name, value] of rows) shell.stdout.write(`${name.padEnd(12)}${n(value)}\n`);
    for (const { stage, network, due, oldestSeconds } of backlog) {
      shell.stdout.write(`due ${stage} on ${network}: ${due}, the oldest for ${Math.round(oldestSeconds)} s\n`);
    }
    return EXIT.ok;
  });
}
