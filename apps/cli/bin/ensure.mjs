import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './lock.mjs';

/** What keeps a command from starting, told in one line. */
export class NotReady extends Error {
  /** @param {number} exitCode 1: ours, 2: the machine's set-up, 3: something outside cannot be reached */
  constructor(message, exitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}

export const root = fileURLToPath(new URL('../../..', import.meta.url));

const LOCK = join(root, '.nx', 'bigbrotr-start.lock');
const STAMP = join(root, 'apps/cli/dist/.sources');
const NEEDED_NODE = [20, 19];

/** Makes a bare clone ready to run, and does nothing but look when it is. A container image brings no sources: nothing to do. */
export async function ensureReady() {
  checkNode();
  if (!hasSources()) return;
  await ensureInstalled();
  await ensureBuilt();
}

export function checkNode(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > NEEDED_NODE[0] || (major === NEEDED_NODE[0] && minor >= NEEDED_NODE[1])) return;
  throw new NotReady(
    `BigBrotr needs Node.js ${NEEDED_NODE.join('.')} or newer, this is ${version}: https://nodejs.org`,
    2,
  );
}

/** Runs `npm ci` when node_modules is not what package-lock.json says. */
export async function ensureInstalled() {
  if (isInstalled()) return;
  await alone(async () => {
    if (isInstalled()) return; // another start was faster
    say('installing the packages that package-lock.json names (once, about a minute)');
    const npm = process.env.npm_execpath?.endsWith('.js') ? [process.execPath, process.env.npm_execpath] : ['npm'];
    // Also under NODE_ENV=production: the compiler is a development package.
    const code = await run([...npm, 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
    if (code !== 0) {
      throw new NotReady(
        '"npm ci" failed (its words are above). It needs the npm registry: is this machine online?',
        3,
      );
    }
  });
}

/** Compiles when a source changed since the last time. */
export async function ensureBuilt() {
  if (readFile(STAMP) === fingerprint(listSources())) return;
  await alone(async () => {
    if (readFile(STAMP) !== fingerprint(listSources())) await compile();
  });
}

/** Compiles whatever tsc thinks has changed. Checking types is for `npm run types`: it would double the first start's wait. */
export async function build() {
  await alone(compile);
}

async function compile() {
  const sources = listSources();
  const lastBuild = statSync(STAMP, { throwIfNoEntry: false })?.mtimeMs;
  say(lastBuild === undefined ? 'compiling (once, half a minute)' : 'compiling what changed');
  // tsc goes by time stamps, and an unpacked archive may bring new sources with old ones.
  const force = lastBuild !== undefined && sources.every(({ mtimeMs }) => mtimeMs < lastBuild);
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const code = await run([process.execPath, tsc, '-b', '--noCheck', ...(force ? ['--force'] : [])]);
  if (code !== 0) throw new NotReady("The sources do not compile (the compiler's words are above).", 1);
  writeFileSync(STAMP, fingerprint(sources));
}

export function hasSources() {
  return existsSync(join(root, 'tsconfig.json')) && existsSync(join(root, 'apps/cli/src'));
}

async function alone(act) {
  try {
    await withLock(LOCK, act);
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes(error.code)) throw error;
    throw new NotReady(`This checkout has to be installed or compiled, but it cannot be written: ${error.message}`, 2);
  }
}

/** npm notes what it installed in a lock file of its own. Optional packages of other platforms are absent there. */
function isInstalled() {
  const wanted = readLock('package-lock.json');
  const present = readLock('node_modules/.package-lock.json');
  if (!wanted || !present) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes('node_modules/')) return true; // the workspaces themselves
    const found = present[path];
    return found ? found.version === entry.version && found.link === entry.link : entry.optional === true;
  });
}

function readLock(path) {
  const text = readFile(join(root, path));
  return text === undefined ? undefined : JSON.parse(text).packages;
}

/** Every file that the compiler reads of ours, and the directories, whose times tell of removals. */
function listSources() {
  const found = [];
  const add = (path) => {
    const { mtimeMs, size } = statSync(path);
    found.push({ path, mtimeMs, size });
  };
  const walk = (directory) => {
    add(directory);
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (!entry.name.endsWith('.spec.ts')) add(path);
    }
  };
  for (const name of ['package-lock.json', 'tsconfig.json', 'tsconfig.base.json']) add(join(root, name));
  for (const project of listProjects()) {
    add(join(project, 'package.json'));
    add(join(project, 'tsconfig.json'));
    walk(join(project, 'src'));
  }
  return found;
}

function listProjects() {
  return ['libs', 'libs/stages', 'apps']
    .map((group) => join(root, group))
    .flatMap((group) => readdirSync(group).map((name) => join(group, name)))
    .filter((project) => existsSync(join(project, 'tsconfig.json')) && existsSync(join(project, 'src')));
}

/** Changes with every source, and when somebody removed what was compiled. */
function fingerprint(sources) {
  const hash = createHash('sha256');
  for (const { path, mtimeMs, size } of sources) hash.update(`${path} ${mtimeMs} ${size}\n`);
  for (const project of listProjects()) hash.update(`${existsSync(join(project, 'dist'))}\n`);
  return hash.digest('hex');
}

/** Runs a program with all its words on stderr: stdout belongs to the command. */
async function run([program, ...args]) {
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  const relay = (signal) => child.kill(signal);
  process.on('SIGINT', relay).on('SIGTERM', relay);
  try {
    const [code, signal] = await new Promise((resolve, reject) => {
      child.once('error', (cause) => reject(new NotReady(`"${program}" cannot be run: ${cause.message}`, 2)));
      child.once('exit', (...end) => resolve(end));
    });
    if (signal) throw new NotReady(`interrupted (${signal})`, 130);
    return code;
  } finally {
    process.off('SIGINT', relay).off('SIGTERM', relay);
  }
}

function readFile(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // absent
  }
}

function say(text) {
  process.stderr.write(`bigbrotr: ${text}\n`);
}
