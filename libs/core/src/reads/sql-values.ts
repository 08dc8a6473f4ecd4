/** Collects the values of a statement that is put together from parts; gives each its placeholder. */
export interface SqlValues {
  readonly list: readonly unknown[];
  /** `$1`, `$2`, … */
  add(value: unknown): string;
}

export function createSqlValues(): SqlValues {
  const list: unknown[] = [];
  return { list, add: (value) => `$${list.push(value)}` };
}
