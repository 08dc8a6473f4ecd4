import { z } from 'zod';

import { maskSecrets } from '../logging/mask-secrets.js';
import { schemaAt, unwrap } from './schema-path.js';

/** The configuration as it would be written in a file, with every secret masked. */
export function describeConfig<S extends z.ZodType>(config: z.output<S>, schema: S): unknown {
  return maskSecrets(written(config, schema));
}

/** JSON Schema of the file, for editors. */
export function configJsonSchema(schema: z.ZodType): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
}

function written(value: unknown, schema: z.core.$ZodType | undefined): unknown {
  if (schema === undefined || value === undefined) return value;
  const inner = unwrap(schema);
  if (inner instanceof z.ZodCodec) return z.encode(inner, value);
  if (Array.isArray(value)) return value.map((item: unknown, index) => written(item, schemaAt(inner, [index])));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, written(child, schemaAt(inner, [key]))]));
}
