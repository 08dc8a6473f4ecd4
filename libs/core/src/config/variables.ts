import { readText } from './read-text.js';

/** The environment, handed in by `main`; nothing else reads it. */
export type Env = Readonly<Record<string, string | undefined>>;

export type Variable =
  | { readonly ok: true; readonly value: string; /** The variable that was set. */ readonly name: string }
  | { readonly ok: false; readonly missing: boolean; readonly problem: string; readonly advice: string };

/**
 * A variable's value, or the trimmed text of the file that `<NAME>_FILE` points to (the way of container secrets).
 * An empty variable counts as one that is not set: that is what compose files hand over.
 */
export function readVariable(env: Env, name: string): Variable {
  const value = env[name];
  if (isSet(value)) return name.endsWith('_FILE') ? fromFile(name, value) : { ok: true, value, name };
  const file = env[`${name}_FILE`];
  if (isSet(file)) return fromFile(`${name}_FILE`, file);
  const advice = name.endsWith('_FILE')
    ? `Set ${name} to the path of a file that holds the value.`
    : `Set ${name}, or ${name}_FILE to the path of a file that holds it.`;
  return { ok: false, missing: true, problem: `the variable ${name} is not set`, advice };
}

function fromFile(name: string, file: string): Variable {
  const read = readText(file);
  if (!read.ok) {
    return {
      ok: false,
      missing: false,
      problem: `${file}, named by ${name}, ${read.problem}`,
      advice: `Correct ${name}.`,
    };
  }
  const value = read.text.trim();
  if (value === '') {
    return {
      ok: false,
      missing: false,
      problem: `${file}, named by ${name}, is empty`,
      advice: 'Write the value into it.',
    };
  }
  return { ok: true, value, name };
}

export function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}
