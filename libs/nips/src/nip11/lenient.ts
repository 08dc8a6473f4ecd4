import type { z } from 'zod';

/** What was left out while a stranger's document was read, as paths such as `limitation.max_limit`. */
export interface Losses {
  readonly dropped: string[];
}

/** Reads what is usable; undefined = nothing. Bad parts are named in `losses`, absent ones (null, empty) are not. */
export type Reader<T> = (value: unknown, path: string, losses: Losses) => T | undefined;

const MAX_LOSSES = 100;

export function scalar<T>(schema: z.ZodType<T>): Reader<T> {
  return (value, path, losses) => {
    if (value === undefined || value === null) return undefined;
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    lose(path, losses);
    return undefined;
  };
}

/** Bad items are left out, the others stay. */
export function list<T>(item: Reader<T>): Reader<readonly T[]> {
  return (value, path, losses) => {
    if (value === undefined || value === null) return undefined;
    if (!Array.isArray(value)) {
      lose(path, losses);
      return undefined;
    }
    const items = value
      .map((entry, index) => item(entry, `${path}.${index}`, losses))
      .filter((entry) => entry !== undefined);
    return items.length > 0 ? items : undefined;
  };
}

/** Unknown fields are not looked at. */
export function record<F extends Record<string, Reader<unknown>>>(fields: F): Reader<RecordOf<F>> {
  return (value, path, losses) => {
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'object' || Array.isArray(value)) {
      lose(path, losses);
      return undefined;
    }
    const given = value as Readonly<Record<string, unknown>>;
    const prefix = path === '' ? '' : `${path}.`;
    const entries = Object.entries(fields)
      .map(([name, read]) => [name, read(given[name], prefix + name, losses)] as const)
      .filter(([, field]) => field !== undefined);
    return entries.length > 0 ? (Object.fromEntries(entries) as RecordOf<F>) : undefined;
  };
}

export type RecordOf<F extends Record<string, Reader<unknown>>> = {
  readonly [K in keyof F]?: F[K] extends Reader<infer T> ? T : never;
};

function lose(path: string, { dropped }: Losses): void {
  if (dropped.length < MAX_LOSSES) dropped.push(path);
}
