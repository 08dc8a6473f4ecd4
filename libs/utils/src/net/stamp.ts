/** Registered in the process-wide symbol table, so that the tests' preload script sees the same one in every realm. */
const STAMP = Symbol.for('bigbrotr.dialer');

/**
 * Marks a socket, a DNS resolver or the options of a lookup as opened by the dialer. Under the tests' preload script
 * (`libs/testing/bin/forbid-unstamped.cjs`) whatever else tries to leave the machine fails.
 */
export function stamp<T extends object>(opened: T): T {
  return Object.defineProperty(opened, STAMP, { value: true });
}
