import type { NetworksConfig } from '@bigbrotr/core';
import type { Network } from '@bigbrotr/models';
import type { DialerNetwork } from '@bigbrotr/utils';

/** What the dialer may reach, as configured. */
export function dialerNetworks(networks: NetworksConfig): Record<Network, DialerNetwork> {
  const { clearnet, tor, i2p, loki, local } = networks;
  return {
    clearnet: toDialer(clearnet),
    tor: toDialer(tor),
    i2p: toDialer(i2p),
    loki: toDialer(loki),
    local: toDialer(local),
  };
}

function toDialer({ enabled, proxyUrl, timeout }: NetworksConfig['clearnet']): DialerNetwork {
  return { enabled, timeoutMs: timeout, ...(proxyUrl !== undefined && { proxyUrl }) };
}
