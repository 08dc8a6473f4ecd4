import { AppError } from '@bigbrotr/models';

import { CommandError, EXIT, type Shell } from './shell.js';

/** Tells what went wrong and what to do, in as few lines as it takes; a stack only for a bug of ours. */
export function reportError(error: unknown, { stderr }: Pick<Shell, 'stderr'>): number {
  if (error instanceof CommandError || error instanceof AppError) {
    stderr.write(`bigbrotr: ${error.message}\n`);
    return exitCodeOf(error);
  }
  stderr.write(
    `bigbrotr: unexpected error\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return EXIT.negative;
}

/** By code rather than by class: the classes would bring their modules with them. */
const UNREACHABLE = new Set(['unreachable', 'refused', 'queue-unreachable', 'queue-refused']);

function exitCodeOf(error: CommandError | AppError): number {
  if (error instanceof CommandError) return error.exitCode;
  return UNREACHABLE.has(error.code) ? EXIT.unreachable : EXIT.usage;
}
