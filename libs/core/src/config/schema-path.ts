import { z } from 'zod';

import { foldKey } from './suggest.js';

type Schema = z.core.$ZodType;
type Path = readonly PropertyKey[];

/** The schema of a key, without the wrappers that only add a default. Undefined where the schema knows no such key. */
export function schemaAt(root: Schema, path: Path): Schema | undefined {
  let schema: Schema | undefined = root;
  for (const key of path) {
    if (schema === undefined) return undefined;
    schema = childOf(schema, key);
  }
  return schema;
}

/** Known keys of a section; none when it is not a section or takes free keys. */
export function keysOf(schema: Schema): readonly string[] {
  const inner = shapeOf(unwrap(schema));
  return inner === undefined ? [] : Object.keys(inner);
}

/** The key that a written one stands for, whatever its case and underscores. */
export function resolveKey(schema: Schema, written: string): string | undefined {
  const inner = unwrap(schema) as z.core.$ZodTypes;
  if (inner._zod.def.type === 'record') return written;
  const folded = foldKey(written);
  return keysOf(inner).find((key) => foldKey(key) === folded);
}

/** What the schema's author wrote about the key as it is written, e.g. `examples`; looks through wrappers and codecs. */
export function metaOf(schema: Schema): z.core.GlobalMeta | undefined {
  for (let s: Schema | undefined = schema; s !== undefined; s = innerOf(s) ?? inputOf(s)) {
    const meta = z.globalRegistry.get(s);
    if (meta !== undefined) return meta;
  }
  return undefined;
}

/** The schema inside optional, default and their like. */
export function unwrap(schema: Schema): Schema {
  let inner = schema;
  for (let next = innerOf(inner); next !== undefined; next = innerOf(inner)) inner = next;
  return inner;
}

function childOf(schema: Schema, key: PropertyKey): Schema | undefined {
  const inner = unwrap(schema) as z.core.$ZodTypes;
  const def = inner._zod.def;
  switch (def.type) {
    case 'object':
      return Object.hasOwn(def.shape, key) ? def.shape[String(key)] : undefined;
    case 'array':
      return def.element;
    case 'record':
      return def.valueType;
    case 'union':
      return firstDefined(def.options, (option) => childOf(option, key));
    case 'pipe':
      return childOf(def.in, key);
    default:
      return undefined;
  }
}

function shapeOf(schema: Schema): z.core.$ZodShape | undefined {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  if (def.type === 'object') return def.shape;
  if (def.type === 'pipe') return shapeOf(unwrap(def.in));
  return def.type === 'union' ? firstDefined(def.options, (option) => shapeOf(unwrap(option))) : undefined;
}

function innerOf(schema: Schema): Schema | undefined {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return def.innerType;
    case 'lazy':
      return def.getter();
    default:
      return undefined;
  }
}

function inputOf(schema: Schema): Schema | undefined {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  return def.type === 'pipe' ? def.in : undefined;
}

function firstDefined<T, R>(items: readonly T[], pick: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const picked = pick(item);
    if (picked !== undefined) return picked;
  }
  return undefined;
}
