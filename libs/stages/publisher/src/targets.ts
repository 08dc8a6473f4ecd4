import { ConfigError, type ConfigIssue, type NetworksConfig } from '@bigbrotr/core';
import { parseRelayUrl, type Network, type RelayUrl } from '@bigbrotr/models';

export interface Target {
  readonly url: RelayUrl;
  readonly network: Network;
}

/** The relays to publish to, by their canonical names. Throws a {@link ConfigError} that lists every bad one. */
export function targetsOf(relays: readonly string[], networks: NetworksConfig): Target[] {
  const issues: ConfigIssue[] = [];
  const targets = new Map<RelayUrl, Target>();
  relays.forEach((text, at) => {
    const path = `publisher.relays.${at}`;
    const parsed = parseRelayUrl(text, { local: networks.local.enabled });
    if (!parsed.ok) {
      issues.push({
        path,
        problem: `is not the URL of a relay: ${parsed.reason}`,
        advice: 'Write it like wss://relay.example.',
      });
    } else if (!networks[parsed.network].enabled) {
      const problem = `is on the ${parsed.network} network, which is not enabled`;
      issues.push({ path, problem, advice: `Set networks.${parsed.network}.enabled, or take it out.` });
    } else {
      targets.set(parsed.url, { url: parsed.url, network: parsed.network });
    }
  });
  if (issues.length > 0) throw new ConfigError(issues);
  return [...targets.values()];
}

/** What an enabled publisher cannot do without. Throws a {@link ConfigError}. */
export function assertCanPublish(relays: readonly string[], hasKey: boolean): void {
  const issues: ConfigIssue[] = [];
  if (relays.length === 0) {
    issues.push({
      path: 'publisher.relays',
      problem: 'is empty',
      advice: 'Name the relays to publish to, or set publisher.enabled: false.',
    });
  }
  if (!hasKey) {
    const advice = 'Set NOSTR_PRIVATE_KEY, or set publisher.enabled: false.';
    issues.push({ path: 'nostr.privateKey', problem: 'is not set, and what is published must be signed', advice });
  }
  if (issues.length > 0) throw new ConfigError(issues);
}
