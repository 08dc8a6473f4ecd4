/**
 * How relays keep events of a kind (NIP-01): all of them, the newest per author, none, or the newest per author and
 * `d` tag.
 */
export type KindClass = 'regular' | 'replaceable' | 'ephemeral' | 'addressable';

/** Kinds that NIP-01 puts in no class count as regular: whoever keeps one version too many loses nothing. */
export function kindClass(kind: number): KindClass {
  if (kind === 0 || kind === 3 || (kind >= 10_000 && kind < 20_000)) return 'replaceable';
  if (kind >= 20_000 && kind < 30_000) return 'ephemeral';
  if (kind >= 30_000 && kind < 40_000) return 'addressable';
  return 'regular';
}
