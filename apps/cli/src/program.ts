import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';

import type { ConfigOptions, SelectionOptions } from './commands/load.js';
import type { RelaysParseOptions } from './commands/relays-parse.js';
import type { DemoOptions } from './demo/run-demo.js';
import { CommandError, EXIT, type Shell } from './shell.js';
import type { UpOptions } from './up/up.js';

type JsonOptions = ConfigOptions & { readonly json?: boolean };

/** Runs the command that the arguments name. Throws a {@link CommandError} for arguments that name none. */
export async function runProgram(argv: readonly string[], shell: Shell): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = createProgram(shell, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help that was asked for ends this way, too.
    if (error.exitCode === 0) return EXIT.ok;
    throw new CommandError(`${error.message.replace(/^error: /, '')}\nRun bigbrotr --help for what there is.`);
  }
  return exitCode;
}

type Finish = (exitCode: number) => void;

/** Each command brings its own modules when it runs: one that parses a URL has no use for a database. */
function createProgram(shell: Shell, finish: Finish): Command {
  const program = new Command('bigbrotr').exitOverride();
  const configOption = () => new Option('--config <file>', 'configuration file (BIGBROTR_CONFIG)');
  const stagesOption = () =>
    new Option('--stages <names>', 'stages to run, comma-separated; all by default').argParser(listOf);
  const networksOption = () =>
    new Option('--networks <names>', 'networks to work on, comma-separated; all that are enabled by default').argParser(
      listOf,
    );
  const jsonOption = () => new Option('--json', 'machine-readable output');

  program
    .description('Nostr relay observatory and event archive')
    // Errors are told once, by the caller.
    .configureOutput({
      writeOut: (text) => shell.stdout.write(text),
      writeErr: (text) => shell.stderr.write(text),
      outputError: () => undefined,
    });

  program
    .command('up')
    .description('run the whole pipeline here, with private servers where none are configured')
    .addOption(configOption())
    .addOption(stagesOption())
    .addOption(networksOption())
    .option('--workers <n>', 'worker processes', count, 1)
    .option('--once', 'end when nothing is due within a minute')
    .action(async (options: UpOptions) => finish(await (await import('./up/up.js')).runUp(options, shell)));

  program
    .command('demo')
    .description('the same on a simulated network, without the internet')
    .option('--once', 'end with a checked summary')
    .option('--workers <n>', 'worker processes', count, 1)
    .addOption(jsonOption())
    // Loads the simulated network, which production images do without.
    .action(async (options: DemoOptions) => finish(await (await import('./demo/run-demo.js')).runDemo(options, shell)));

  program
    .command('worker')
    .description('one worker process')
    .addOption(configOption())
    .addOption(stagesOption())
    .addOption(networksOption())
    .action(async (options: ConfigOptions & SelectionOptions) =>
      finish(await (await import('./commands/worker.js')).runWorker(options, shell)),
    );

  program
    .command('api')
    .description('the HTTP API and the dashboard')
    .addOption(configOption())
    .action(async (options: ConfigOptions) => finish(await (await import('./commands/api.js')).runApi(options, shell)));

  program
    .command('migrate')
    .description('bring the database up to this version')
    .addOption(configOption())
    .action(async (options: ConfigOptions) =>
      finish(await (await import('./commands/migrate.js')).runMigrate(options, shell)),
    );

  program
    .command('seed <file>')
    .description('make candidates of a list of relay URLs')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (file: string, options: JsonOptions) =>
      finish(await (await import('./commands/seed.js')).runSeed(file, options, shell)),
    );

  program
    .command('status')
    .description('what is known, due and running')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (options: JsonOptions) =>
      finish(await (await import('./commands/status.js')).runStatus(options, shell)),
    );

  const relays = program.command('relays').description('relays and their URLs');
  relays
    .command('parse [urls...]')
    .description('canonical form and network of relay URLs; `-` or nothing reads lines from standard input')
    .addOption(jsonOption())
    .option('--local', 'admit loopback and private addresses')
    .action(async (urls: string[], options: RelaysParseOptions) =>
      finish(await (await import('./commands/relays-parse.js')).runRelaysParse(urls, options, shell)),
    );

  const events = program.command('events').description('Nostr events');
  events
    .command('verify [file]')
    .description('judge events by NIP-01, one JSON object a line; `-` or nothing reads standard input')
    .addOption(jsonOption())
    .option('--config <file>')
    .action(async (file: string | undefined, options: JsonOptions) =>
      finish(await (await import('./commands/events-verify.js')).runEventsVerify(file, options, shell)),
    );

  return program;
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function count(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1 || n > 64) throw new InvalidArgumentError('expected a number from 1 to 64');
  return n;
}
