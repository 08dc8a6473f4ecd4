import type { FoundUrl } from '@bigbrotr/core';
import { parseRelayUrl, relayUrlParts, splitGluedUrls } from '@bigbrotr/models';

/** Raw strings from strangers through the URL law. Several URLs in one string are taken apart first. */
export function admitUrls(
  raws: Iterable<{ readonly raw: string; readonly source: string }>,
  { local }: { readonly local: boolean },
): { readonly found: FoundUrl[]; readonly rejected: ReadonlyMap<string, number> } {
  const found: FoundUrl[] = [];
  const rejected = new Map<string, number>();
  for (const { raw, source } of raws) {
    for (const piece of splitGluedUrls(raw)) {
      const parsed = parseRelayUrl(piece, { local });
      if (!parsed.ok) {
        rejected.set(parsed.reason, (rejected.get(parsed.reason) ?? 0) + 1);
        continue;
      }
      const { host, registrableDomain } = relayUrlParts(parsed.url);
      found.push({
        url: parsed.url,
        network: parsed.network,
        host,
        ...(registrableDomain !== undefined && { registrableDomain }),
        source,
      });
    }
  }
  return { found, rejected };
}
