import { types } from 'node:util';

/** Also for errors of another realm, which `instanceof` does not know: Node's own ones in a test runner's context. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

/** `ECONNREFUSED`, `port-in-use`: the word that an error is told by. Legacy numbers (DOMException) are none. */
export function errorCode(error: unknown): string | undefined {
  return isError(error) && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
