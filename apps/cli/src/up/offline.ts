import type { Pool } from '@bigbrotr/core';
import type { Dial, RelayUrl } from '@bigbrotr/models';

const WITHIN_MS = 10_000;
const SAMPLE = 6;

/**
 * Whether the network can be reached at all: true as soon as one of a few known relays opens, false when none does.
 * Undefined when there is nothing to ask, or we were told to stop.
 */
export async function isOnline(
  canaries: readonly string[],
  { pool, dial }: { readonly pool: Pool; readonly dial: Dial },
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const urls = canaries.length > 0 ? canaries : await knownUrls(pool);
  if (urls.length === 0) return undefined;
  const tries = urls.slice(0, SAMPLE).map(async (url) => {
    const dialled = await dial(url as RelayUrl, { signal, timeoutMs: WITHIN_MS, allowInsecure: true });
    if (!dialled.ok) throw new Error(dialled.failure.reason);
    await dialled.socket.close();
  });
  const reached = await Promise.any(tries).then(
    () => true,
    () => false,
  );
  return signal.aborted ? undefined : reached;
}

async function knownUrls(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ url: string }>(
    `(SELECT url FROM relays WHERE network = 'clearnet' ORDER BY last_seen_at DESC NULLS LAST LIMIT ${SAMPLE})
     UNION ALL (SELECT url FROM candidates WHERE network = 'clearnet' ORDER BY id LIMIT ${SAMPLE}) LIMIT ${SAMPLE}`,
  );
  return rows.map((row) => row.url);
}
