import type { SharedConfig } from '@bigbrotr/core';

/** The sections of the configuration that this role reads. */
export type ApiAppConfig = Pick<SharedConfig, 'api' | 'networks' | 'policy'>;
