import { z } from 'zod';

import { ConfigError } from './config-error.js';
import { envSettings } from './env-settings.js';
import { explainIssue } from './explain-issue.js';
import { layOver, withoutNulls } from './layers.js';
import { flagSettings, type Setting } from './settings.js';
import { substitute } from './substitute.js';
import { isSet, type Env } from './variables.js';
import { NO_FILE, readYaml, type OriginOf } from './yaml-file.js';

export interface LoadConfigOptions<S extends z.ZodType> {
  readonly schema: S;
  /** `process.env`, handed in by `main`. */
  readonly env: Env;
  /** Wins over `BIGBROTR_CONFIG`; without either, the defaults and the environment are all there is. */
  readonly file?: string;
  /** By dotted key, e.g. `{ 'api.port': 9000 }`; strings are read as from a variable, undefined is not set. */
  readonly flags?: Readonly<Record<string, unknown>>;
}

/** The configuration: file, over it the environment, over it the flags. Throws one {@link ConfigError} with all that is wrong. */
export function loadConfig<S extends z.ZodType>({ schema, env, file, flags = {} }: LoadConfigOptions<S>): z.output<S> {
  const path = file ?? (isSet(env['BIGBROTR_CONFIG']) ? env['BIGBROTR_CONFIG'] : undefined);
  const yaml = path === undefined ? NO_FILE : readYaml(path);
  const fromEnv = envSettings(schema, env);
  const fromFlags = flagSettings(schema, flags);
  const settings = [...fromEnv.settings, ...fromFlags.settings];
  const replaced = new Set(settings.map(dotted));
  const fromFile = substitute(yaml.tree, { env, schema, replaced, originOf: yaml.originOf });
  const issues = [...yaml.issues, ...fromFile.issues, ...fromEnv.issues, ...fromFlags.issues];
  // Without its file every further complaint would be about what stands in it.
  if (yaml.issues.length > 0) throw new ConfigError(issues);

  const tree = withoutNulls(layOver(fromFile.tree, settings));
  const parsed = z.safeParse(schema, tree);
  const context = { schema, tree, secretPaths: fromFile.secretPaths, originOf: originFinder(settings, yaml.originOf) };
  const known = new Set(issues.map((issue) => issue.path));
  const verdicts = parsed.success ? [] : parsed.error.issues.flatMap((issue) => explainIssue(issue, context));
  issues.push(...verdicts.filter((issue) => !known.has(issue.path)));
  if (!parsed.success || issues.length > 0) throw new ConfigError(issues);
  return parsed.data;
}

/** The last layer that wrote the key, or the section that it is in. */
function originFinder(settings: readonly Setting[], inFile: OriginOf): OriginOf {
  return (path) => {
    const setting = settings.findLast((candidate) => candidate.path.every((key, index) => key === path[index]));
    return setting?.origin ?? inFile(path);
  };
}

function dotted({ path }: Setting): string {
  return path.join('.');
}
