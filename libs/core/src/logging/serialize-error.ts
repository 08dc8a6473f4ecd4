import { AppError } from '@bigbrotr/models';

import { errorCode, isError } from './error-code.js';
import { maskText } from './mask-secrets.js';

const MAX_MESSAGE = 500;
const MAX_CAUSES = 5;
const MAX_PARTS = 3;
const MAX_FRAMES = 15;

export interface SerializedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly recovery?: string;
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
  /** Of bugs only: an AppError's code says where it comes from. */
  readonly stack?: string;
  readonly errors?: readonly SerializedError[];
  readonly cause?: SerializedError;
}

/**
 * What a log may hold of an error. Fields are picked, never copied: drivers hang statements, parameters and whole rows
 * on their errors, and those are strangers' events.
 */
export function serializeError(error: unknown): SerializedError {
  return serialize(error, MAX_CAUSES);
}

function serialize(error: unknown, depth: number): SerializedError {
  if (!isError(error))
    return { type: typeof error, message: cleanMessage(typeof error === 'string' ? error : 'thrown value') };
  const code = errorCode(error);
  return {
    type: error.name,
    message: cleanMessage(error.message),
    ...(code !== undefined && { code }),
    ...(error instanceof AppError
      ? { recovery: error.recovery, ...(Object.keys(error.detail).length > 0 && { detail: error.detail }) }
      : { stack: framesOf(error) }),
    ...(depth > 0 && partsOf(error, depth)),
    ...(error.cause !== undefined && depth > 0 && { cause: serialize(error.cause, depth - 1) }),
  };
}

/** Of an AggregateError, such as Node's when no address of a host answers. */
function partsOf(error: Error, depth: number): { readonly errors?: readonly SerializedError[] } {
  if (!('errors' in error) || !Array.isArray(error.errors)) return {};
  return { errors: error.errors.slice(0, MAX_PARTS).map((part) => serialize(part, depth - 1)) };
}

/** Without what drizzle (parameters) and JSON.parse (a piece of the document) add to their messages. */
function cleanMessage(message: string): string {
  const text = message
    .replace(/\nparams: .*$/s, '')
    .replace(/, (?:\.\.\.)?".*"(?:\.\.\.)? is not valid JSON$/s, ', not valid JSON');
  return maskText(text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE)}…` : text);
}

/** The frames alone: the first lines of a stack repeat the message. */
function framesOf(error: Error): string {
  const frames = error.stack?.split('\n').filter((line) => /^ {4}at /.test(line)) ?? [];
  return frames.slice(0, MAX_FRAMES).join('\n');
}
