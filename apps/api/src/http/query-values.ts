import { z } from 'zod';

/**
 * What a parameter is, for the OpenAPI document: the string that carries it is of no interest. Stands in the schema's
 * metadata under this name.
 */
export const DESCRIBED_AS = 'describedAs';
/** A parameter with this in its metadata works and is not listed. */
export const UNLISTED = 'unlisted';

/** A whole number. */
export function whole(minimum: number, maximum: number) {
  return z
    .string()
    .regex(/^-?\d{1,16}$/, { error: 'expected a whole number' })
    .transform(Number)
    .pipe(z.int().min(minimum).max(maximum))
    .meta({ [DESCRIBED_AS]: { type: 'integer', minimum, maximum } });
}

/** `true` or `false`. */
export function flag() {
  return z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .meta({ [DESCRIBED_AS]: { type: 'boolean' } });
}

/** Values between commas, or the parameter given again: `kinds=0,1` and `kinds=0&kinds=1` mean the same. */
export function listOf<T>(item: z.ZodType<T, string>, maximum: number) {
  const items = item.meta()?.[DESCRIBED_AS] ?? z.toJSONSchema(item, { io: 'input' });
  return z
    .union([z.string(), z.array(z.string())])
    .transform((value) => [value].flat().flatMap((part) => part.split(',')))
    .pipe(z.array(item).min(1).max(maximum))
    .meta({ [DESCRIBED_AS]: { type: 'array', items, minItems: 1, maxItems: maximum } });
}

/** Rows on a page. */
export function limitOf(standard: number, maximum: number) {
  return whole(1, maximum)
    .optional()
    .transform((value) => value ?? standard)
    .meta({ [DESCRIBED_AS]: { type: 'integer', minimum: 1, maximum, default: standard } });
}

export function cursorParameter() {
  return z.string().min(1).max(500).optional().describe('The "next" of the page before.');
}
