import type { Readable } from 'node:stream';

/** The process as commands see it: handed in by `main`, so that nothing else reads globals. */
export interface Shell {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdin: Readable;
  readonly stdout: { readonly isTTY?: boolean; write(text: string): unknown };
  readonly stderr: { readonly isTTY?: boolean; write(text: string): unknown };
}

/** Exit codes that scripts may rely on. */
export const EXIT = { ok: 0, negative: 1, usage: 2, unreachable: 3, interrupted: 130 } as const;

/** Ends a command with a message and a code, and no stack. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.usage, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
