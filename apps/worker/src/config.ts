import { appConfigSchema } from '@bigbrotr/core';
import type { z } from 'zod';

import { STAGES } from './stages.js';

/** The whole configuration file: what every role shares, and a section per stage. */
export const AppConfig = appConfigSchema(STAGES);
export type AppConfig = z.output<typeof AppConfig>;
