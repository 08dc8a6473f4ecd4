import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { hashFile, readSeedFile } from './read-seeds.js';

describe('readSeedFile', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'seeds-'));
  });

  afterAll(() => rm(folder, { recursive: true }));

  async function read(content: string): Promise<string[]> {
    const file = join(folder, 'list.txt');
    await writeFile(file, content);
    const lines: string[] = [];
    for await (const line of readSeedFile(file)) lines.push(line);
    return lines;
  }

  it.each<[string, string, string[]]>([
    ['lines of both kinds', 'wss://a\nwss://b\r\nwss://c', ['wss://a', 'wss://b', 'wss://c']],
    ['lines that end in CR alone', 'wss://a\rwss://b\r', ['wss://a', 'wss://b']],
    ['comments', '# head\nwss://a # why\n\t#indented\nwss://b\t# tab', ['wss://a', 'wss://b']],
    ['a # inside a URL', 'wss://a/#frag', ['wss://a/#frag']],
    ['blank lines and margins', '\n  wss://a  \n\n \t \nwss://b\n', ['wss://a', 'wss://b']],
    ['a byte order mark', '\uFEFFwss://a\n', ['wss://a']],
    ['nothing', '', []],
    ['nothing but comments', '# one\n# two', []],
  ])('reads %s', async (_, content, urls) => {
    expect(await read(content)).toEqual(urls);
  });

  it('reads lines that fall on the seam of two chunks', async () => {
    const urls = Array.from({ length: 9_000 }, (_, i) => `wss://relay-${i}.example.com/päth`);

    expect(await read(urls.join('\r\n'))).toEqual(urls);
  });

  it('keeps little of a line that never ends', async () => {
    const [line, ...more] = await read('x'.repeat(1_000_000));

    expect(line?.length).toBe(4_096);
    expect(more).toEqual([]);
  });

  it('rejects for a file that is not there, or none', async () => {
    await expect(readSeedFile(join(folder, 'none')).next()).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(readSeedFile(folder).next()).rejects.toMatchObject({ code: 'EISDIR' });
    await expect(hashFile(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('tells contents apart', async () => {
    const file = join(folder, 'list.txt');
    await read('wss://a');
    const a = await hashFile(file);
    await read('wss://b');
    const b = await hashFile(file);
    await read('wss://a');

    expect(a).toMatch(/^[0-9a-f]{64}$/);
    expect(b).not.toBe(a);
    expect(await hashFile(file)).toBe(a);
  });
});
