import type { Setting } from './settings.js';

export type Tree = Record<string, unknown>;

/** The file's tree with every setting laid over it in turn; sections are merged, everything else is replaced. */
export function layOver(tree: Readonly<Tree>, settings: readonly Setting[]): Tree {
  return settings.reduce<Tree>((below, { path, value }) => setIn(below, path, value), { ...tree });
}

/** A copy without nulls: a section with nothing in it, or a key set to null, is one that is not set. */
export function withoutNulls(tree: Readonly<Tree>): Tree {
  return Object.fromEntries(
    Object.entries(tree)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => [key, isTree(value) ? withoutNulls(value) : value]),
  );
}

export function valueAt(tree: unknown, path: readonly PropertyKey[]): unknown {
  let value = tree;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function setIn(tree: Readonly<Tree>, path: readonly string[], value: unknown): Tree {
  const [key, ...rest] = path;
  if (key === undefined) return tree;
  const below = Object.hasOwn(tree, key) ? tree[key] : undefined;
  // Something that is no section stays as it was written, so that the schema can complain about it.
  if (rest.length > 0 && below !== undefined && below !== null && !isTree(below)) return tree;
  if (rest.length > 0) return { ...tree, [key]: setIn(isTree(below) ? below : {}, rest, value) };
  return { ...tree, [key]: isTree(value) && isTree(below) ? merge(below, value) : value };
}

function merge(below: Readonly<Tree>, above: Readonly<Tree>): Tree {
  return Object.entries(above).reduce<Tree>((tree, [key, value]) => setIn(tree, [key], value), { ...below });
}
