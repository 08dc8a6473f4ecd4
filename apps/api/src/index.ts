export type { ApiAppConfig } from './api-config.js';
export { startApi, type Api, type ApiLimits, type ApiModules } from './start-api.js';
