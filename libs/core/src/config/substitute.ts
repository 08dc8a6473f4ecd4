import type { z } from 'zod';

import type { ConfigIssue } from './config-error.js';
import type { Tree } from './layers.js';
import { schemaAt } from './schema-path.js';
import { readValue } from './settings.js';
import { readVariable, type Env } from './variables.js';
import type { OriginOf } from './yaml-file.js';

type Path = readonly PropertyKey[];

export interface Substituted {
  readonly tree: Tree;
  readonly issues: readonly ConfigIssue[];
  /** Dotted paths whose values came from the environment: nobody prints those. */
  readonly secretPaths: ReadonlySet<string>;
}

interface Sources {
  readonly env: Env;
  readonly schema: z.core.$ZodType;
  /** Keys that a later layer replaces: their variables need not exist. */
  readonly replaced: ReadonlySet<string>;
  readonly originOf: OriginOf;
}

/**
 * Replaces `${NAME}` in the file's strings; `$${` stands for a plain `${`. A string that is nothing but one `${NAME}` is
 * read like an override (JSON, else a string), so that a number may come from the environment too.
 */
export function substitute(tree: Readonly<Tree>, { env, schema, replaced, originOf }: Sources): Substituted {
  const issues: ConfigIssue[] = [];
  const secretPaths = new Set<string>();

  function resolve(name: string, path: Path): string | undefined {
    const variable = VARIABLE.test(name) ? readVariable(env, name) : NO_NAME;
    if (variable.ok) {
      secretPaths.add(path.join('.'));
      return variable.value;
    }
    const origin = originOf(path);
    issues.push({
      path: path.join('.'),
      problem: variable.problem,
      ...(origin !== undefined && { origin }),
      advice: variable.advice,
    });
    return undefined;
  }

  function walk(value: unknown, path: Path): unknown {
    if (Array.isArray(value)) return value.map((item: unknown, index) => walk(item, [...path, index]));
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, walk(child, [...path, key])]));
    }
    if (typeof value !== 'string' || !value.includes('${') || replaced.has(path.join('.'))) return value;
    const whole = /^\$\{([^}]*)\}$/.exec(value)?.[1];
    if (whole === undefined) {
      return value.replaceAll(/\$\$\{|\$\{([^}]*)\}/g, (match, name?: string) =>
        name === undefined ? '${' : (resolve(name, path) ?? match),
      );
    }
    const text = resolve(whole, path);
    const key = schemaAt(schema, path);
    return text === undefined || key === undefined ? text : readValue(key, text);
  }

  return { tree: walk(tree, []) as Tree, issues, secretPaths };
}

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

const NO_NAME = {
  ok: false,
  problem: '${…} holds something other than the name of a variable',
  advice: 'Write ${NAME}; for a plain "${" write "$${".',
} as const;
