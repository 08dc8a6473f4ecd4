import { putCandidates, type FoundUrl, type Queryable } from '@bigbrotr/core';
import { parseRelayUrl, relayUrlParts, type Network } from '@bigbrotr/models';

export interface SeedSummary {
  readonly lines: number;
  readonly rejected: Readonly<Record<string, number>>;
  readonly added: readonly { readonly id: number; readonly network: Network }[];
}

export interface SeedOptions {
  readonly source: string;
  /** Admit loopback and private relays. */
  readonly local: boolean;
  /** Unix seconds. */
  readonly at: number;
}

const BATCH = 500;

/** Makes candidates of a list of URLs, a batch at a time; what the URL law rejects is counted by its reason. */
export async function seed(
  urls: AsyncIterable<string> | Iterable<string>,
  { source, local, at }: SeedOptions,
  db: Queryable,
  signal: AbortSignal,
): Promise<SeedSummary> {
  const rejected: Record<string, number> = {};
  const added: { id: number; network: Network }[] = [];
  let lines = 0;
  let batch: FoundUrl[] = [];
  const put = async () => {
    added.push(...(await putCandidates(db, batch, at)));
    batch = [];
  };
  for await (const line of urls) {
    signal.throwIfAborted();
    lines++;
    const parsed = parseRelayUrl(line, { local });
    if (!parsed.ok) {
      rejected[parsed.reason] = (rejected[parsed.reason] ?? 0) + 1;
      continue;
    }
    const { host, registrableDomain } = relayUrlParts(parsed.url);
    batch.push({
      url: parsed.url,
      network: parsed.network,
      host,
      ...(registrableDomain !== undefined && { registrableDomain }),
      source,
    });
    if (batch.length >= BATCH) await put();
  }
  await put();
  return { lines, rejected, added };
}
