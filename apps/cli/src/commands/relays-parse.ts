import { parseRelayUrl } from '@bigbrotr/models';

import { linesOf } from '../lines.js';
import { EXIT, type Shell } from '../shell.js';

export interface RelaysParseOptions {
  readonly json?: boolean;
  readonly local?: boolean;
}

/** One line out for one line in, in order, empty lines too. */
export async function runRelaysParse(
  urls: readonly string[],
  { json = false, local = false }: RelaysParseOptions,
  shell: Shell,
): Promise<number> {
  const inputs = urls.length === 0 || (urls.length === 1 && urls[0] === '-') ? linesOf(shell.stdin) : urls;
  for await (const input of inputs) {
    const parsed = parseRelayUrl(input, { local });
    if (json) {
      const answer = parsed.ok
        ? { input, url: parsed.url, network: parsed.network }
        : { input, rejected: parsed.reason };
      shell.stdout.write(`${JSON.stringify(answer)}\n`);
    } else {
      shell.stdout.write(
        parsed.ok ? `${parsed.url}\t${parsed.network}\n` : `-\trejected: ${parsed.reason}\t${JSON.stringify(input)}\n`,
      );
    }
  }
  return EXIT.ok;
}
