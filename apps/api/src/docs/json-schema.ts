import { z } from 'zod';

import { DESCRIBED_AS, UNLISTED } from '../http/query-values.js';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Where the schemas that have a name stand, and what stands there in the end. */
export interface SchemaBook {
  /** Of a value that is sent to us. */
  input(schema: z.ZodType): JsonSchema;
  /** Of a value that we answer with. */
  output(schema: z.ZodType): JsonSchema;
  readonly named: Readonly<Record<string, JsonSchema>>;
}

/** Turns zod's schemas into those of OpenAPI 3.1, which are JSON Schema 2020-12. */
export function createSchemaBook(): SchemaBook {
  const named: Record<string, JsonSchema> = {};

  function convert(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
    const { $defs = {}, ...converted } = z.toJSONSchema(schema, { io, reused: 'inline' });
    for (const [name, definition] of Object.entries($defs)) named[name] = tidy(definition) as JsonSchema;
    const { id, ...body } = tidy(converted) as JsonSchema & { id?: unknown };
    if (typeof id !== 'string') return body;
    named[id] = body;
    return { $ref: `#/components/schemas/${id}` };
  }

  return { named, input: (schema) => convert(schema, 'input'), output: (schema) => convert(schema, 'output') };
}

/** References go to the document's own place; what a parameter means replaces what carries it. */
function tidy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidy);
  if (typeof value !== 'object' || value === null) return value;
  const node = value as Record<string, unknown>;
  const { [DESCRIBED_AS]: meaning, description } = node;
  if (typeof meaning === 'object' && meaning !== null) {
    return { ...(tidy(meaning) as object), ...(description !== undefined && { description }) };
  }
  return Object.fromEntries(
    Object.entries(node)
      .filter(([name, field]) => !isNoise(name, field, node) && !isUnlisted(field))
      .map(([name, field]) => [
        name,
        name === '$ref' ? String(field).replace('#/$defs/', '#/components/schemas/') : tidy(field),
      ]),
  );
}

/** What zod writes down beside what we said: the bounds of a double, the pattern behind a format. */
function isNoise(name: string, field: unknown, node: Readonly<Record<string, unknown>>): boolean {
  if (name === 'pattern') return 'format' in node;
  return name === '$schema' || field === Number.MAX_SAFE_INTEGER || field === Number.MIN_SAFE_INTEGER;
}

function isUnlisted(field: unknown): boolean {
  return typeof field === 'object' && field !== null && UNLISTED in field;
}
