import { announcementEvent, type EventTemplate, type MonitorCheck } from '@bigbrotr/nips';
import { NETWORKS, discoveryUrl } from '@bigbrotr/models';
import type { NetworksConfig } from '@bigbrotr/core';

import type { PublisherConfig } from './config.js';
import type { Target } from './targets.js';

/** What the publisher tells of the monitor; its section of the configuration has it. */
export interface MonitorManner {
  readonly interval: number;
  readonly checks: Readonly<Record<string, boolean>>;
}

const CHECKS: readonly MonitorCheck[] = ['nip11', 'ssl', 'dns', 'geo', 'net', 'http', 'write'];

/** Kind 10166: what we look at, and how often. */
export function composeAnnouncement(
  config: PublisherConfig,
  monitor: MonitorManner,
  networks: NetworksConfig,
  createdAt: number,
): EventTemplate {
  const names: MonitorCheck[] = ['open', 'read', ...CHECKS.filter((name) => monitor.checks[name] === true)];
  return announcementEvent({
    createdAt,
    frequency: Math.round(monitor.interval / 1000),
    checks: names.map((name) => ({ name, timeoutMs: networks.clearnet.timeout })),
    networks: NETWORKS.filter((network) => networks[network].enabled),
    ...(config.geohash !== undefined && { geohash: config.geohash }),
  });
}

/** Kind 0. Undefined where no profile is configured. */
export function composeProfile({ profile }: PublisherConfig, createdAt: number): EventTemplate | undefined {
  if (profile === undefined || Object.keys(profile).length === 0) return undefined;
  return { kind: 0, created_at: createdAt, tags: [], content: JSON.stringify(profile) };
}

/** Kind 10002 (NIP-65): where our events are to be found. */
export function composeRelayList(targets: readonly Target[], createdAt: number): EventTemplate {
  return {
    kind: 10_002,
    created_at: createdAt,
    tags: targets.map(({ url }) => ['r', discoveryUrl(url), 'write']),
    content: '',
  };
}
