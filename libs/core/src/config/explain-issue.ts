import type { z } from 'zod';

import { isSecretName } from '../logging/mask-secrets.js';
import type { ConfigIssue } from './config-error.js';
import { isTree, valueAt, type Tree } from './layers.js';
import { keysOf, metaOf, schemaAt } from './schema-path.js';
import { suggest } from './suggest.js';
import type { OriginOf } from './yaml-file.js';

type Issue = z.core.$ZodIssue;

interface Context {
  readonly schema: z.core.$ZodType;
  readonly tree: Tree;
  readonly secretPaths: ReadonlySet<string>;
  readonly originOf: OriginOf;
}

/** The schema's verdict in our words: one line per wrong key. */
export function explainIssue(issue: Issue, context: Context): ConfigIssue[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => explainUnknown([...issue.path, key], context));
  const { problem, advice } = explain(issue, context);
  return [located(issue.path, problem, advice, context)];
}

function explainUnknown(path: readonly PropertyKey[], context: Context): ConfigIssue {
  const section = schemaAt(context.schema, path.slice(0, -1));
  const known = section === undefined ? [] : keysOf(section);
  const meant = suggest(String(path.at(-1)), known);
  const advice = meant === undefined ? `Remove it; known here: ${known.join(', ')}.` : `Did you mean ${meant}?`;
  return located(path, 'unknown key', advice, context);
}

function located(path: readonly PropertyKey[], problem: string, advice: string, { originOf }: Context): ConfigIssue {
  const origin = originOf(path);
  return {
    path: path.length === 0 ? 'configuration' : path.join('.'),
    problem,
    ...(origin !== undefined && { origin }),
    advice,
  };
}

function explain(issue: Issue, context: Context): { problem: string; advice: string } {
  const value = valueAt(context.tree, issue.path);
  const got = showValue(value, issue.path, context.secretPaths);
  const example = exampleAt(issue.path, context.schema);
  switch (issue.code) {
    case 'invalid_type': {
      const wanted = nounOf(issue.expected);
      if (value === undefined)
        return { problem: 'is not set', advice: example ?? `It has no default: set it to ${wanted}.` };
      return {
        problem: `expected ${wanted}${got}`,
        advice: example ?? HOW_TO_WRITE[issue.expected] ?? `Write ${wanted}.`,
      };
    }
    case 'invalid_value': {
      const allowed = issue.values.map(String);
      const meant = typeof value === 'string' ? suggest(value, allowed) : undefined;
      const list = `Allowed: ${allowed.join(', ')}.`;
      return {
        problem: `is none of the allowed values${got}`,
        advice: meant === undefined ? list : `Did you mean ${meant}? ${list}`,
      };
    }
    case 'too_small':
      return limit('small', issue, issue.minimum, got);
    case 'too_big':
      return limit('big', issue, issue.maximum, got);
    case 'invalid_union': {
      const allowed = [...new Set(issue.errors.flat().flatMap(alternatives))];
      return { problem: `fits none of the allowed forms${got}`, advice: example ?? `Use ${allowed.join(' or ')}.` };
    }
    default:
      return { problem: `${issue.message}${got}`, advice: example ?? 'Correct it.' };
  }
}

function limit(
  which: 'small' | 'big',
  issue: { origin: string; inclusive?: boolean },
  bound: number | bigint,
  got: string,
): { problem: string; advice: string } {
  const counted = COUNTED[issue.origin];
  const unit = counted === undefined ? '' : ` ${counted}`;
  const size = counted === undefined ? { small: 'small', big: 'large' } : { small: 'short', big: 'long' };
  const side = which === 'small' ? { open: 'more than', closed: 'or more' } : { open: 'less than', closed: 'or less' };
  const advice =
    issue.inclusive === false ? `Use ${side.open} ${bound}${unit}.` : `Use ${bound} ${side.closed}${unit}.`;
  return { problem: `is too ${size[which]}${got}`, advice };
}

const COUNTED: Readonly<Record<string, string>> = { string: 'characters', array: 'entries' };

function alternatives(issue: Issue): string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  return issue.code === 'invalid_type' ? [nounOf(issue.expected)] : [];
}

function exampleAt(path: readonly PropertyKey[], root: z.core.$ZodType): string | undefined {
  const schema = schemaAt(root, path);
  const examples: unknown = schema === undefined ? undefined : metaOf(schema)?.['examples'];
  return Array.isArray(examples) && examples.length > 0
    ? `For example: ${examples.map(String).join(', ')}.`
    : undefined;
}

const MAX_SHOWN = 60;

/** What was written, where that helps and is no secret: URLs carry passwords, and a typo may hide that it is one. */
function showValue(value: unknown, path: readonly PropertyKey[], secretPaths: ReadonlySet<string>): string {
  const names = path.map(String);
  const isSecret =
    secretPaths.has(names.join('.')) || names.some((name) => isSecretName(name) || /(?:key|url)$/i.test(name));
  if (isSecret || value === undefined) return '';
  if (Array.isArray(value)) return ', got a list';
  if (isTree(value)) return ', got a section';
  const text = JSON.stringify(value);
  return text.includes('@') ? '' : `, got ${text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text}`;
}

const NOUNS: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  string: 'a text',
  object: 'a section',
  record: 'a section',
  array: 'a list',
};

const HOW_TO_WRITE: Readonly<Record<string, string>> = {
  int: 'Write digits without quotes or a unit.',
  number: 'Write digits without quotes or a unit.',
  string: 'Put it in quotes.',
  object: 'Write its keys on indented lines below it.',
  record: 'Write its keys on indented lines below it.',
  array: 'Write it as [a, b].',
};

function nounOf(expected: string): string {
  return NOUNS[expected] ?? `a ${expected}`;
}
