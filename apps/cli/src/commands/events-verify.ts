import { createReadStream } from 'node:fs';

import { checkEventId, parseEvent } from '@bigbrotr/models';
import { createVerifier, type Verifier } from '@bigbrotr/utils';

import { linesOf } from '../lines.js';
import { CommandError, EXIT, type Shell } from '../shell.js';
import { load, type ConfigOptions } from './load.js';

type Verdict =
  { readonly id: string; readonly verdict: 'ok' } | { readonly verdict: 'rejected'; readonly reason: string };

/** One line out for one line in, judged by NIP-01 alone: shape, id, signature. */
export async function runEventsVerify(
  file: string | undefined,
  { json = false, ...options }: ConfigOptions & { readonly json?: boolean },
  shell: Shell,
): Promise<number> {
  const verifier = await createVerifier({ engine: load(options, shell).verify.engine });
  const input = file === undefined || file === '-' ? shell.stdin : createReadStream(file);
  try {
    for await (const line of linesOf(input)) {
      const verdict = judge(line, verifier);
      const text = json
        ? JSON.stringify(verdict)
        : verdict.verdict === 'ok'
          ? `ok\t${verdict.id}`
          : `rejected\t${verdict.reason}`;
      shell.stdout.write(`${text}\n`);
    }
  } catch (error) {
    if (file !== undefined && isFileError(error))
      throw new CommandError(`${file} cannot be read: ${error.code}.`, EXIT.usage, { cause: error });
    throw error;
  }
  return EXIT.ok;
}

function judge(line: string, verifier: Verifier): Verdict {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The verdict is the answer; the parser's words would only quote the line.
    return { verdict: 'rejected', reason: 'not-json' };
  }
  const parsed = parseEvent(value);
  if (!parsed.ok) return { verdict: 'rejected', reason: parsed.reason };
  const { event } = parsed;
  if (!checkEventId(event)) return { verdict: 'rejected', reason: 'wrong-id' };
  if (!verifier.verify(event.id, event.pubkey, event.sig)) return { verdict: 'rejected', reason: 'bad-signature' };
  return { id: event.id, verdict: 'ok' };
}

function isFileError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}
