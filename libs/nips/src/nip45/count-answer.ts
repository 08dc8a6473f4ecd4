/** What a relay answered to a COUNT (NIP-45). */
export interface CountAnswer {
  readonly count: number;
  /** True when the relay says that the figure is not exact (`approximate`, or `limited` as strfry calls a cut-off count). */
  readonly approximate: boolean;
  /** HyperLogLog registers, 512 hex characters. */
  readonly hll?: string;
}

const HLL = /^[0-9a-f]{512}$/i;

export function readCountAnswer(value: unknown): CountAnswer | undefined {
  if (typeof value !== 'object' || value === null || !('count' in value)) return undefined;
  const { count, approximate, limited, hll } = value as Record<string, unknown>;
  if (!Number.isSafeInteger(count) || (count as number) < 0) return undefined;
  const answer = { count: count as number, approximate: approximate === true || limited === true };
  return typeof hll === 'string' && HLL.test(hll) ? { ...answer, hll: hll.toLowerCase() } : answer;
}
