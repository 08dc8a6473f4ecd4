import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { hasSystemLibrary } from './system-library.js';

describe('hasSystemLibrary', () => {
  const before = process.env['LD_LIBRARY_PATH'];
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'libraries-'));
    writeFileSync(join(folder, 'libspecial.so.3'), 'elf\0special_verify\0');
    symlinkSync('nowhere', join(folder, 'libdangling.so'));
    process.env['LD_LIBRARY_PATH'] = `/nowhere:${folder}`;
  });

  afterAll(() => {
    if (before === undefined) delete process.env['LD_LIBRARY_PATH'];
    else process.env['LD_LIBRARY_PATH'] = before;
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['libspecial', 'special_verify', true],
    ['libspecial', 'special_sign', false],
    ['libother', 'special_verify', false],
    ['libdangling', 'special_verify', false],
  ])('%s with %s: %s', (name, symbol, expected) => {
    expect(hasSystemLibrary(name, symbol)).toBe(expected);
  });
});
