import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** A line without an end is cut here: still too long for any URL, so that it counts as one that the law rejects. */
const MAX_LINE_LENGTH = 4_096;

/** URLs of a seed list, one a line, without comments and blank lines. */
export async function* readSeedFile(path: string): AsyncGenerator<string, void, void> {
  let rest = '';
  // Not node:readline, which leaves an error of the stream to end the process.
  for await (const chunk of createReadStream(path, 'utf8')) {
    const lines = `${rest}${chunk as string}`.split(/[\r\n]/);
    rest = (lines.pop() ?? '').slice(0, MAX_LINE_LENGTH);
    yield* seedsOf(lines);
  }
  yield* seedsOf([rest]);
}

/** SHA-256 of the file, hex. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function* seedsOf(lines: readonly string[]): Generator<string, void, void> {
  for (const line of lines) {
    // A comment starts the line or follows white space: `#` may stand in a URL.
    const url = line.replace(/(^|\s)#.*$/, '').trim();
    if (url !== '') yield url;
  }
}
