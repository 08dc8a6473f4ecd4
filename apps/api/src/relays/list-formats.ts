import type { RelayView } from './relay-view.js';

/** Names of the columns, in the database's spelling. */
const COLUMNS = {
  id: 'id',
  url: 'url',
  network: 'network',
  status: 'status',
  reason: 'reason',
  since: 'since',
  discoveredAt: 'discovered_at',
  lastSeenAt: 'last_seen_at',
} as const satisfies Record<keyof RelayView, string>;

/** RFC 4180, with a header line. */
export function toCsv(relays: readonly RelayView[]): string {
  const fields = Object.keys(COLUMNS) as (keyof RelayView)[];
  const lines = [Object.values(COLUMNS), ...relays.map((relay) => fields.map((field) => toCell(relay[field])))];
  return lines.map((cells) => `${cells.join(',')}\r\n`).join('');
}

/** One URL a line: what most clients want of a relay list. */
export function toText(relays: readonly RelayView[]): string {
  return relays.map(({ url }) => `${url}\n`).join('');
}

function toCell(value: string | number | null): string {
  const text = String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
