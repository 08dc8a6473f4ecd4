import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureReady, root } from './ensure.mjs';
import { lastLine, summarize } from './test-report.mjs';
import { startTestServers } from './test-servers.mjs';

/** Longer than any run that is well; one that hangs must end and say so. */
const DEADLINE_MS = 45 * 60_000;

const [affected, jestArguments] = takeFlag('--affected', process.argv.slice(2));
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => interrupted.abort(signal));

process.exitCode = await main().catch((error) => {
  if (interrupted.signal.aborted) {
    process.stderr.write(`bigbrotr: interrupted (${interrupted.signal.reason})\n`);
    return 130;
  }
  process.stderr.write(`bigbrotr: ${error.exitCode === undefined ? error.stack : error.message}\n`);
  return error.exitCode ?? 1;
});

async function main() {
  await ensureReady();
  const projects = affected ? affectedProjects() : undefined;
  if (projects?.length === 0) {
    console.log(`Nothing that has tests is affected.\n${lastLine({ passed: 0, failed: 0, skipped: 0 })}`);
    return 0;
  }
  const endings = [];
  try {
    const directory = await makeScratch(endings);
    const servers = await startTestServers(directory, process.env, interrupted.signal, endings);
    const files = { report: join(directory, 'report.json'), trespasses: join(directory, 'trespasses.log') };
    // Last: the option takes every word that follows for a project.
    const selection = projects ? ['--selectProjects', ...projects] : [];
    const code = await runJest([...jestArguments, ...selection], files, {
      ...servers,
      NODE_OPTIONS: nodeOptions(),
      BIGBROTR_UNSTAMPED_LOG: files.trespasses,
      TMPDIR: join(directory, 'tmp'),
    });
    if (interrupted.signal.aborted) throw interrupted.signal.reason;
    return conclude(code, files);
  } finally {
    for (const end of endings.reverse()) await end();
  }
}

/** Everything that the run writes, what killed specs leave behind included. */
async function makeScratch(endings) {
  const directory = await mkdtemp(join(tmpdir(), 'bigbrotr-test-'));
  endings.push(() => rm(directory, { recursive: true, force: true, maxRetries: 20 }));
  await chmod(directory, 0o755); // root's servers run as nobody and have to get in
  await mkdir(join(directory, 'tmp'));
  await chmod(join(directory, 'tmp'), 0o1777);
  return directory;
}

async function runJest(args, { report }, variables) {
  const workers = args.some((argument) => /^(-w|-i|--maxWorkers|--runInBand)/.test(argument))
    ? []
    : [`--maxWorkers=${Math.min(8, availableParallelism())}`];
  const child = spawn(
    process.execPath,
    [join(root, 'node_modules/jest/bin/jest.js'), '--json', `--outputFile=${report}`, ...workers, ...args],
    {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: DEADLINE_MS,
      signal: interrupted.signal,
      env: { ...process.env, ...variables },
    },
  );
  return new Promise((resolve, reject) => {
    child.once('error', (error) => (error.name === 'AbortError' ? undefined : reject(error)));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

function nodeOptions() {
  const guard = join(root, 'libs/testing/bin/forbid-unstamped.cjs');
  return [
    process.env.NODE_OPTIONS ?? '',
    '--experimental-vm-modules --disable-warning=ExperimentalWarning --max-old-space-size=4096',
    existsSync(guard) ? `--require ${JSON.stringify(guard)}` : '',
  ]
    .join(' ')
    .trim();
}

/** Prints what a bare sum would hide, then the sum. */
function conclude(code, { report, trespasses }) {
  const summary = summarize({
    results: existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined,
    chosen: testNamePattern(jestArguments),
    trespasses: existsSync(trespasses) ? readFileSync(trespasses, 'utf8') : '',
  });
  for (const reason of summary.reasons) console.log(reason);
  if (summary.passed + summary.failed === 0) console.log('No test ran.');
  console.log(lastLine(summary));
  return code !== 0 || summary.failed > 0 || summary.passed === 0 ? 1 : 0;
}

function testNamePattern(args) {
  for (const [index, argument] of args.entries()) {
    const [name, value] = argument.split(/=(.*)/s);
    if (name === '-t' || name === '--testNamePattern') return new RegExp(value ?? args[index + 1] ?? '', 'i');
  }
  return undefined;
}

/** Nx knows what the changes since its base branch reach; Jest calls a project by its name without the scope. */
function affectedProjects() {
  const nx = join(root, 'node_modules/.bin/nx');
  const options = {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NX_ISOLATE_PLUGINS: 'false', NX_DAEMON: 'false' },
  };
  const output = execFileSync(
    process.execPath,
    [nx, 'show', 'projects', '--affected', '--with-target', 'test', '--json'],
    options,
  );
  return JSON.parse(output).map((name) => name.replace(/^@[^/]+\//, ''));
}

function takeFlag(flag, args) {
  return [args.includes(flag), args.filter((argument) => argument !== flag)];
}
