import { putCandidates, readMentions, removeMentions, transaction, type Pool } from '@bigbrotr/core';
import type { Network } from '@bigbrotr/models';

import { admitUrls } from '../admit-urls.js';
import type { SourceResult } from './source.js';

/** Drains the outbox that archiving fills: candidates are made and mentions removed in the same transaction. */
export async function findInMentions(
  { batch, local, at }: { readonly batch: number; readonly local: boolean; readonly at: number },
  { pool }: { readonly pool: Pool },
  signal: AbortSignal,
): Promise<SourceResult> {
  const added: { id: number; network: Network }[] = [];
  const rejected = new Map<string, number>();
  let seen = 0;
  while (!signal.aborted) {
    const taken = await transaction(pool, async (tx) => {
      const mentions = await readMentions(tx, batch);
      if (mentions.length === 0) return 0;
      const admitted = admitUrls(mentions, { local });
      added.push(...(await putCandidates(tx, admitted.found, at)));
      for (const [reason, n] of admitted.rejected) rejected.set(reason, (rejected.get(reason) ?? 0) + n);
      await removeMentions(tx, mentions);
      return mentions.length;
    });
    seen += taken;
    if (taken < batch) break;
  }
  return { ok: true, seen, added, rejected };
}
