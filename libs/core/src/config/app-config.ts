import { z } from 'zod';

import {
  ApiConfig,
  ArchiveConfig,
  DatabaseConfig,
  GeoConfig,
  LogConfig,
  NetworksConfig,
  NostrConfig,
  PolicyConfig,
  QueueConfig,
  VerifyConfig,
  WorkerConfig,
} from './schema.js';

const SHARED_SECTIONS = {
  /** Where embedded servers and `run.json` live; absent: chosen at start. */
  dataDir: z.string().min(1).optional(),
  database: DatabaseConfig.prefault({}),
  queue: QueueConfig.prefault({}),
  networks: NetworksConfig.prefault({}),
  archive: ArchiveConfig.prefault({}),
  policy: PolicyConfig.prefault({}),
  api: ApiConfig.prefault({}),
  worker: WorkerConfig.prefault({}),
  verify: VerifyConfig.prefault({}),
  geo: GeoConfig.prefault({}),
  log: LogConfig.prefault({}),
  nostr: NostrConfig.prefault({}),
};

/** The part of a stage that the configuration needs to know. */
export interface ConfigSection {
  readonly name: string;
  readonly config: z.ZodType;
}

type StageSections<S extends ConfigSection> = { [Section in S as Section['name']]: z.ZodPrefault<Section['config']> };

/** The schema of the whole file: the shared sections, and one per stage under the stage's name. */
export type AppConfigSchema<S extends ConfigSection> = z.ZodObject<
  typeof SHARED_SECTIONS & StageSections<S>,
  z.core.$strict
>;

/** Sections that every role shares. */
export type SharedConfig = z.output<z.ZodObject<typeof SHARED_SECTIONS, z.core.$strict>>;

export function appConfigSchema<const S extends ConfigSection>(stages: readonly S[]): AppConfigSchema<S> {
  const sections = Object.fromEntries(stages.map(({ name, config }) => [name, config.prefault({})]));
  return z.strictObject({ ...SHARED_SECTIONS, ...sections }) as unknown as AppConfigSchema<S>;
}
