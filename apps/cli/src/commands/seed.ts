import { createReadStream } from 'node:fs';

import { createJobRequest } from '@bigbrotr/core';

import { withDatabase } from '../connect.js';
import { linesOf } from '../lines.js';
import { CommandError, EXIT, type Shell } from '../shell.js';
import type { ConfigOptions } from './load.js';

/** URLs in one request. */
const CHUNK = 10_000;

/** Asks for the URLs of a list to become candidates; the dispatcher of a running `up` or worker takes it from there. */
export function runSeed(
  file: string,
  { json = false, ...options }: ConfigOptions & { readonly json?: boolean },
  shell: Shell,
): Promise<number> {
  return withDatabase(options, shell, async (pool) => {
    const urls = await readList(file, shell);
    const requests: string[] = [];
    for (let from = 0; from < urls.length; from += CHUNK) {
      const created = await createJobRequest(
        pool,
        { kind: 'seed', urls: urls.slice(from, from + CHUNK) },
        { requestedBy: 'cli' },
      );
      if (created.ok) requests.push(created.request.id);
    }
    shell.stdout.write(
      json ? `${JSON.stringify({ lines: urls.length, requests })}\n` : `${urls.length} lines handed in\n`,
    );
    return EXIT.ok;
  });
}

async function readList(file: string, { stdin }: Shell): Promise<string[]> {
  const urls: string[] = [];
  try {
    for await (const line of linesOf(file === '-' ? stdin : createReadStream(file))) {
      // As in seed files: a comment starts the line or follows white space, and no URL of a relay is longer than the law allows.
      const url = line.replace(/(^|\s)#.*$/, '').trim();
      if (url !== '') urls.push(url.slice(0, 2048));
    }
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${String((error as NodeJS.ErrnoException).code)}.`, EXIT.usage, {
      cause: error,
    });
  }
  return urls;
}
