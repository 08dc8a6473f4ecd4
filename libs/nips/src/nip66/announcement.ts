import type { Network } from '@bigbrotr/models';
import type { EventTemplate } from '../nip42/auth.js';

export const ANNOUNCEMENT_KIND = 10_166;

export interface MonitorAnnouncement {
  /** Unix seconds. */
  readonly createdAt: number;
  /** Seconds from one look at a relay to the next. */
  readonly frequency: number;
  /** What is looked at, each with its deadline in milliseconds. */
  readonly checks: readonly { readonly name: MonitorCheck; readonly timeoutMs: number }[];
  readonly networks: readonly Network[];
  /** Where the monitor stands. */
  readonly geohash?: string;
}

/** The words of the NIP and of the monitors in the wild. */
export type MonitorCheck = 'open' | 'read' | 'write' | 'auth' | 'nip11' | 'ssl' | 'dns' | 'geo' | 'net' | 'http';

/** A monitor announcement (NIP-66) before its signature. */
export function announcementEvent({
  createdAt,
  frequency,
  checks,
  networks,
  geohash,
}: MonitorAnnouncement): EventTemplate {
  const tags = [
    ['frequency', String(frequency)],
    // The NIP's text and its example differ in the order; monitors in the wild follow the example.
    ...checks.map(({ name, timeoutMs }) => ['timeout', name, String(timeoutMs)]),
    ...checks.map(({ name }) => ['c', name]),
    ...networks.filter((network) => network !== 'local').map((network) => ['n', network]),
    ...(geohash === undefined ? [] : [['g', geohash]]),
  ];
  return { kind: ANNOUNCEMENT_KIND, created_at: createdAt, tags, content: '' };
}
