import type { z } from 'zod';

import type { ConfigIssue } from './config-error.js';
import { findKey, readValue, unknownAdvice, type Setting } from './settings.js';
import { isSet, readVariable, type Env } from './variables.js';

const PREFIX = 'BIGBROTR__';

/** Variables with a name of their own, and the key that each one is. `BIGBROTR_CONFIG` names the file itself. */
const PLAIN_VARIABLES: Readonly<Record<string, string>> = {
  DATABASE_URL: 'database.url',
  REDIS_URL: 'queue.redisUrl',
  PORT: 'api.port',
  BIGBROTR_API_TOKEN: 'api.token',
  BIGBROTR_VIEWER_TOKEN: 'api.viewerToken',
  NOSTR_PRIVATE_KEY: 'nostr.privateKey',
  BIGBROTR_DATA_DIR: 'dataDir',
};

interface EnvSettings {
  readonly settings: readonly Setting[];
  readonly issues: readonly ConfigIssue[];
}

/** What the environment says: plain variables first, then `BIGBROTR__SECTION__KEY` from sections down to single keys. */
export function envSettings(root: z.core.$ZodType, env: Env): EnvSettings {
  const plain = plainSettings(root, env);
  const overrides = overrideSettings(root, env);
  return { settings: [...plain.settings, ...overrides.settings], issues: [...plain.issues, ...overrides.issues] };
}

/** How a key is written as a variable: `networks.clearnet.maxTasks` is `BIGBROTR__NETWORKS__CLEARNET__MAX_TASKS`. */
export function variableName(path: readonly string[]): string {
  return PREFIX + path.map((key) => key.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()).join('__');
}

function plainSettings(root: z.core.$ZodType, env: Env): EnvSettings {
  const settings: Setting[] = [];
  const issues: ConfigIssue[] = [];
  for (const [name, key] of Object.entries(PLAIN_VARIABLES)) {
    const found = findKey(root, key.split('.'));
    if (!found.ok) continue; // this program has no such section
    const variable = readVariable(env, name);
    if (variable.ok) {
      settings.push({ path: found.path, value: readValue(found.schema, variable.value), origin: variable.name });
    } else if (!variable.missing) {
      issues.push({ path: key, problem: variable.problem, advice: variable.advice });
    }
  }
  return { settings, issues };
}

function overrideSettings(root: z.core.$ZodType, env: Env): EnvSettings {
  const settings: Setting[] = [];
  const issues: ConfigIssue[] = [];
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(PREFIX) || !isSet(text)) continue;
    const found = findKey(root, name.slice(PREFIX.length).split('__'));
    if (found.ok) {
      settings.push({ path: found.path, value: readValue(found.schema, text), origin: name });
    } else {
      const meant = found.nearest === undefined ? undefined : variableName([...found.known, found.nearest]);
      issues.push({ path: name, problem: 'sets no known key', advice: unknownAdvice(meant) });
    }
  }
  return { settings: settings.sort((a, b) => a.path.length - b.path.length), issues };
}
