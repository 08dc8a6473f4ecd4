/** Where a relay lives. `local` is loopback and private space; it exists only where the operator allows it. */
export const NETWORKS = ['clearnet', 'tor', 'i2p', 'loki', 'local'] as const;

export type Network = (typeof NETWORKS)[number];
