import { defineStage, dispatchJob, type Bus, type NetworksConfig, type Pool } from '@bigbrotr/core';
import { NETWORKS, type Now } from '@bigbrotr/models';

import { DispatcherConfig } from './config.js';
import { dispatch } from './dispatch.js';

export interface DispatcherModules {
  readonly pool: Pool;
  readonly bus: Bus;
  readonly networks: NetworksConfig;
  readonly now: Now;
}

export const dispatcherStage = defineStage({
  name: 'dispatcher',
  config: DispatcherConfig,
  contracts: { dispatch: dispatchJob },
  start(config, { networks, ...modules }: DispatcherModules) {
    const options = {
      networks: NETWORKS.filter((network) => networks[network].enabled),
      local: networks.local.enabled,
      visibilityMs: config.visibility,
    };
    return {
      handlers: {
        dispatch: async (_payload, _context, signal) => {
          const added = await dispatch(options, modules, signal);
          return { kind: 'done', result: added > 0 ? 'dispatched' : 'idle' };
        },
      },
    };
  },
});
