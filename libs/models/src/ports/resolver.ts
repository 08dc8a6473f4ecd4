export interface DnsFacts {
  readonly a: readonly string[];
  readonly aaaa: readonly string[];
  /** Smallest TTL of the address records, seconds. */
  readonly ttl?: number;
  readonly cname?: string;
  readonly ns: readonly string[];
  readonly ptr?: string;
}

/** DNS facts of a clearnet host name; an overlay name is refused before any query leaves. Throws nothing: no answer = undefined. */
export type ResolveFacts = (
  host: string,
  options: { readonly signal: AbortSignal; readonly timeoutMs: number },
) => Promise<DnsFacts | undefined>;
