import type { NetworksConfig } from '@bigbrotr/core';
import { parseRelayUrl, type Dial, type Network, type RelayUrl } from '@bigbrotr/models';

/** Whether we are online on a network, which is asked before anybody is found missing on it. */
export type IsOnline = (network: Network, signal: AbortSignal) => Promise<boolean>;

export interface CanaryOptions {
  readonly networks: NetworksConfig;
  /** How long an answer holds. */
  readonly holdMs: number;
}

/** Online is where one of the network's canaries can be opened; a network without canaries always is. */
export function createCanaries({ networks, holdMs }: CanaryOptions, { dial }: { readonly dial: Dial }): IsOnline {
  const answers = new Map<Network, { readonly online: Promise<boolean>; readonly until: number }>();

  async function ask(network: Network, signal: AbortSignal): Promise<boolean> {
    const { canaries, timeout } = networks[network];
    const urls = canaries.flatMap((text): RelayUrl[] => {
      const parsed = parseRelayUrl(text);
      return parsed.ok ? [parsed.url] : [];
    });
    if (urls.length === 0) return true;
    const found = new AbortController();
    const both = AbortSignal.any([signal, found.signal]);
    const opened = await Promise.all(
      urls.map(async (url) => {
        const dialled = await dial(url, { signal: both, timeoutMs: timeout });
        if (!dialled.ok) return false;
        found.abort();
        await dialled.socket.close();
        return true;
      }),
    );
    return opened.includes(true);
  }

  return async (network, signal) => {
    const known = answers.get(network);
    if (known && known.until > performance.now()) return known.online;
    const online = ask(network, signal);
    answers.set(network, { online, until: performance.now() + holdMs });
    const answer = await online;
    // An answer that its asker cut short is nobody else's.
    if (!answer && signal.aborted) answers.delete(network);
    return answer;
  };
}
