import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** URLs of a seed list, one a line, without comments and blank lines. */
export async function* readSeedFile(path: string): AsyncGenerator<string, void, void> {
  const lines = createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity });
  try {
    for await (const line of lines) {
      const url = seedOf(line);
      if (url !== undefined) yield url;
    }
  } finally {
    lines.close();
  }
}

/** SHA-256 of the file, hex. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** A comment starts the line or follows white space: `#` may stand in a URL. */
export function seedOf(line: string): string | undefined {
  const url = line.replace(/(^|\s)#.*$/, '').trim();
  return url === '' ? undefined : url;
}
