export interface RateLimit {
  /** Requests that a quiet client may make at once. */
  readonly burst: number;
  readonly perSecond: number;
  /** Clients remembered; the one that was quiet for longest is forgotten first. */
  readonly clients?: number;
}

export interface RateLimiter {
  /** Takes one request of this client; otherwise the seconds until the next one is free. */
  take(client: string): { readonly ok: true } | { readonly ok: false; readonly retryAfterSeconds: number };
}

interface Bucket {
  tokens: number;
  at: number;
}

/** A token bucket for each client, in bounded memory. `now` in milliseconds. */
export function createRateLimiter({ burst, perSecond, clients = 10_000 }: RateLimit, now: () => number): RateLimiter {
  const buckets = new Map<string, Bucket>();

  function bucketOf(client: string, at: number): Bucket {
    const known = buckets.get(client);
    // Set again, so that the map stays in order of use.
    buckets.delete(client);
    if (known) known.tokens = Math.min(burst, known.tokens + ((at - known.at) / 1_000) * perSecond);
    const bucket = known ?? { tokens: burst, at };
    bucket.at = at;
    buckets.set(client, bucket);
    if (buckets.size > clients) for (const [oldest] of buckets) return (buckets.delete(oldest), bucket);
    return bucket;
  }

  return {
    take(client) {
      const bucket = bucketOf(client, now());
      if (bucket.tokens < 1) return { ok: false, retryAfterSeconds: Math.ceil((1 - bucket.tokens) / perSecond) };
      bucket.tokens -= 1;
      return { ok: true };
    },
  };
}

/** One household has many IPv6 addresses and one /64. */
export function clientKey(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address;
  const [head = '', tail = ''] = address.split('::');
  const groups = head.split(':').filter(Boolean);
  const missing = 8 - groups.length - tail.split(':').filter(Boolean).length;
  const full = address.includes('::') ? [...groups, ...Array<string>(missing).fill('0'), ...tail.split(':')] : groups;
  return full.slice(0, 4).join(':');
}
