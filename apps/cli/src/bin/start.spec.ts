import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

const bin = join(dirname(fileURLToPath(import.meta.url)), '../../bin');

/** Stands for the package registry: leaves what `npm ci` leaves, after a moment, and keeps a diary. */
const NPM = `
const fs = require('node:fs');
fs.appendFileSync('diary', process.argv.slice(2, 3) + '\\n');
console.log('npm talks');
if (fs.existsSync('offline')) process.exit(1);
setTimeout(() => {
  fs.mkdirSync('node_modules/typescript/bin', { recursive: true });
  fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json');
  fs.copyFileSync('tsc.js', 'node_modules/typescript/bin/tsc');
}, 100);
`;

const TSC = `
const fs = require('node:fs');
fs.appendFileSync('diary', 'tsc ' + process.argv.slice(2).join(' ') + '\\n');
console.log('tsc talks');
fs.mkdirSync('apps/cli/dist', { recursive: true });
fs.copyFileSync('apps/cli/src/main.ts', 'apps/cli/dist/main.js');
process.exit(fs.readFileSync('apps/cli/src/main.ts', 'utf8').includes('mistake') ? 2 : 0);
`;

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

jest.setTimeout(30_000);

describe('bin/bigbrotr.mjs', () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'bin-'));
    await cp(bin, join(root, 'apps/cli/bin'), { recursive: true });
    const files = {
      'package-lock.json': lockOf('1.0.0'),
      'tsconfig.json': '{}',
      'tsconfig.base.json': '{}',
      'apps/cli/package.json': '{ "type": "module" }',
      'apps/cli/tsconfig.json': '{}',
      'apps/cli/src/main.ts': "console.log('main', ...process.argv.slice(2));",
      'libs/stages/.keep': '',
      'npm.js': NPM,
      'tsc.js': TSC,
    };
    for (const [name, content] of Object.entries(files)) await write(name, content);
  });

  afterEach(() => rm(root, { recursive: true }));

  it('installs and compiles a bare clone, with stdout left to the command, and then only looks', async () => {
    const first = await start('status', '--json');

    expect(first).toMatchObject({ code: 0, stdout: 'main status --json\n' });
    expect(first.stderr).toMatch(/npm talks[^]*tsc talks/);
    expect(await diary()).toEqual(['ci', 'tsc -b --noCheck']);

    expect(await start('up')).toEqual({ code: 0, stdout: 'main up\n', stderr: '' });
    expect(await diary()).toEqual([]);
  });

  it.each([
    ['a changed source', () => write('apps/cli/src/main.ts', '// new'), ['tsc -b --noCheck']],
    ['a new source', () => write('apps/cli/src/more/new.ts', ''), ['tsc -b --noCheck']],
    ['a source that became older', () => backdate('apps/cli/src/main.ts'), ['tsc -b --noCheck --force']],
    ['a removed output', () => rm(join(root, 'apps/cli/dist'), { recursive: true }), ['tsc -b --noCheck']],
    ['a new package', () => write('package-lock.json', lockOf('1.0.1')), ['ci', 'tsc -b --noCheck']],
    ['no packages', () => rm(join(root, 'node_modules'), { recursive: true }), ['ci']],
    [
      'an edited spec',
      () =>
        write('apps/cli/src/main.spec.ts', '')
          .then(start)
          .then(diary)
          .then(() => write('apps/cli/src/main.spec.ts', '//')),
      [],
    ],
    ['a touched lock file', () => write('package-lock.json', lockOf('1.0.0')), ['tsc -b --noCheck']],
  ])('does what is needed after %s', async (_, change, expected) => {
    await start();
    await diary();
    await change();

    expect((await start()).code).toBe(0);
    expect(await diary()).toEqual(expected);
  });

  it('prepares once when two start at the same time', async () => {
    const both = await Promise.all([start('a'), start('b')]);

    expect(both.map(({ stdout }) => stdout)).toEqual(['main a\n', 'main b\n']);
    expect(await diary()).toEqual(['ci', 'tsc -b --noCheck']);
  });

  it('does not wait for the dead holder of a lock', async () => {
    await write('.nx/bigbrotr-start.lock', '999999999\n');

    expect((await start()).code).toBe(0);
  });

  it('says that npm failed, and tries again next time', async () => {
    await write('offline', '');
    expect(await start()).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('"npm ci" failed') });

    await rm(join(root, 'offline'));
    expect((await start()).code).toBe(0);
  });

  it('says that the sources do not compile, and tries again next time', async () => {
    await write('apps/cli/src/main.ts', '// a mistake');
    expect(await start()).toMatchObject({ code: 1, stderr: expect.stringContaining('do not compile') });
    expect((await start()).code).toBe(1);
    expect(await diary()).toEqual(['ci', 'tsc -b --noCheck', 'tsc -b --noCheck']);
  });

  it('leaves an image without sources as it is', async () => {
    await write('apps/cli/dist/main.js', "console.log('shipped');");
    await rm(join(root, 'apps/cli/src'), { recursive: true });

    expect(await start()).toEqual({ code: 0, stdout: 'shipped\n', stderr: '' });
    expect(await diary()).toEqual([]);
  });

  async function start(...args: unknown[]): Promise<Outcome> {
    const words = args.filter((arg) => typeof arg === 'string');
    const child = spawn(process.execPath, [join(root, 'apps/cli/bin/bigbrotr.mjs'), ...words], {
      cwd: tmpdir(),
      env: { ...process.env, NODE_OPTIONS: '', npm_execpath: join(root, 'npm.js') },
    });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { code, stdout, stderr };
  }

  /** What npm and tsc were asked for since the last look. */
  async function diary(): Promise<string[]> {
    const path = join(root, 'diary');
    const content = await readFile(path, 'utf8').catch(() => '');
    await rm(path, { force: true });
    return content.split('\n').filter((line) => line !== '');
  }

  async function write(name: string, content: string): Promise<void> {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }

  /** As an unpacked archive does. */
  async function backdate(name: string): Promise<void> {
    await utimes(join(root, name), 1_000_000_000, 1_000_000_000);
  }
});

function lockOf(version: string): string {
  return JSON.stringify({
    packages: {
      '': {},
      'apps/cli': {},
      'node_modules/typescript': { version },
    },
  });
}
