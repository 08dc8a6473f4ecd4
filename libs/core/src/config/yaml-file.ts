import { basename } from 'node:path';

import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';

import type { ConfigIssue } from './config-error.js';
import { readText } from './read-text.js';

/** Where a key was written, for people. */
export type OriginOf = (path: readonly PropertyKey[]) => string | undefined;

export interface YamlFile {
  readonly tree: Readonly<Record<string, unknown>>;
  readonly issues: readonly ConfigIssue[];
  /** `config.yaml:12` for a key that is written in the file, or whose section is. */
  readonly originOf: OriginOf;
}

export const NO_FILE: YamlFile = { tree: {}, issues: [], originOf: () => undefined };

/** Reads a YAML mapping. Whatever is wrong is an issue; the text itself, which may hold secrets, is in none of them. */
export function readYaml(file: string): YamlFile {
  const read = readText(file);
  if (!read.ok)
    return broken({
      path: file,
      problem: read.problem,
      advice: 'Check the path given by --config or BIGBROTR_CONFIG.',
    });
  const lines = new LineCounter();
  const document = parseDocument(read.text, { lineCounter: lines, prettyErrors: false });
  const name = basename(file);
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    const issues = faults.map(({ code, pos }): ConfigIssue => {
      const { line, col } = lines.linePos(pos[0]);
      // The library's messages quote the source: its code says the same without it.
      const problem = `is not valid YAML: ${code.toLowerCase().replaceAll('_', ' ')} in line ${line}, column ${col}`;
      return { path: file, problem, advice: YAML_ADVICE[code] ?? 'Check the indentation and the quotes there.' };
    });
    return broken(...issues);
  }
  return toTree(document, file, (node) => `${name}:${lines.linePos(node.range?.[0] ?? 0).line}`);
}

const YAML_ADVICE: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'Keep one of the two keys.',
  MULTIPLE_DOCS: 'Keep one document per file: remove the "---" line.',
  TAB_AS_INDENT: 'Indent with spaces.',
  BAD_SCALAR_START: 'Put the value in quotes.',
};

function toTree(document: Document.Parsed, file: string, place: (node: Node) => string): YamlFile {
  let tree: unknown;
  try {
    tree = document.toJS({ maxAliasCount: 100 });
  } catch {
    // Thrown for an alias without an anchor, or for too many of them; the message may quote the source.
    return broken({
      path: file,
      problem: 'is not valid YAML: an alias cannot be resolved',
      advice: 'Define the anchor before its alias.',
    });
  }
  if (tree === null || tree === undefined) return NO_FILE;
  if (typeof tree !== 'object' || Array.isArray(tree)) {
    return broken({
      path: file,
      problem: 'holds no sections',
      advice: 'Write one key per section, such as "database:".',
    });
  }
  return {
    tree: tree as Record<string, unknown>,
    issues: [],
    originOf: (path) => {
      const node = nodeAt(document.contents, path);
      return node === undefined ? undefined : place(node);
    },
  };
}

/** The key's own node (an unknown key is found by its name), or for one that is not written, the section's that lacks it. */
function nodeAt(root: Node | null, path: readonly PropertyKey[]): Node | undefined {
  let node: unknown = root;
  let found: Node | undefined;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
      if (!isScalar(pair?.key)) return found;
      found = pair.key;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      found = node as Node | undefined;
    } else {
      return found;
    }
  }
  return found;
}

function broken(...issues: readonly ConfigIssue[]): YamlFile {
  return { ...NO_FILE, issues };
}
