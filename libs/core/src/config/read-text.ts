import { closeSync, openSync, readSync } from 'node:fs';

import { errorCode } from '../logging/error-code.js';

/** Longer files are none that we were meant to read. */
const MAX_BYTES = 1_048_576;

export type TextFile = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problem: string };

/** A whole small file as text. */
export function readText(file: string): TextFile {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const buffer = Buffer.alloc(MAX_BYTES + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < buffer.length; length += read) {
      read = readSync(descriptor, buffer, length, buffer.length - length, null);
    }
    if (length > MAX_BYTES) return { ok: false, problem: `is larger than ${MAX_BYTES} bytes` };
    return { ok: true, text: buffer.toString('utf8', 0, length) };
  } catch (error) {
    return { ok: false, problem: `cannot be read: ${reasonOf(error)}` };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function reasonOf(error: unknown): string {
  const code = errorCode(error) ?? 'unknown error';
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'no such file',
    EACCES: 'permission denied',
    EISDIR: 'it is a directory',
  };
  return reasons[code] ?? code;
}
