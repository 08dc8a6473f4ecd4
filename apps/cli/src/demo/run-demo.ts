import { once } from 'node:events';

import { startSimNetwork } from '@bigbrotr/testing';

import { EXIT, type Shell } from '../shell.js';
import { untilStopped } from '../until-stopped.js';
import { makeDemoHome } from './demo-home.js';
import { observe, type ArchiveAccess } from './observe.js';
import { createProgressView } from './progress-view.js';
import { isOk, renderSummary, summaryJson, type DemoResult } from './summary.js';
import { startUp } from './up-process.js';

export interface DemoOptions {
  /** End with a checked summary, instead of at Ctrl-C. */
  readonly once?: boolean;
  readonly workers?: number;
  /** The summary as one JSON document, and nothing else. */
  readonly json?: boolean;
  /** Called when nothing is left to do, before the verdict: who tampers with the archive here must be found out. */
  readonly beforeCompare?: (archive: ArchiveAccess) => Promise<void>;
}

/**
 * Plays a Nostr network in this process and runs `bigbrotr up` in another, which knows nothing but its configuration
 * and one URL.
 * @returns the exit code: 0 when the archive holds exactly what the relays hold and every verdict is right
 */
export async function runDemo(options: DemoOptions, shell: Shell): Promise<number> {
  const stop = new AbortController();
  const ending: { interrupted?: true; fault?: unknown } = {};
  const code = await untilStopped(() => {
    const ended = conduct(options, shell, stop.signal).catch((error: unknown) => {
      if (stop.signal.aborted) ending.interrupted = true;
      else ending.fault = error;
      return EXIT.negative;
    });
    const close = async (): Promise<void> => {
      stop.abort();
      await ended;
    };
    return Promise.resolve({ ended, close });
  });
  if ('fault' in ending) throw ending.fault;
  return ending.interrupted === true && options.once === true ? EXIT.interrupted : code;
}

async function conduct(options: DemoOptions, shell: Shell, signal: AbortSignal): Promise<number> {
  const { once: ends = false, workers = 1, json = false, beforeCompare } = options;
  const tell = (text: string): void => {
    if (!json) shell.stderr.write(text);
  };
  await using network = await startSimNetwork();
  await using home = await makeDemoHome(network.seedUrl, shell.env['TMPDIR']);
  try {
    tell(
      `${network.endpoints.length} endpoints listen on 127.0.0.1. BigBrotr is told one URL, ${network.seedUrl}, and finds the rest.\n`,
    );
    await using up = await startUp({ home, workers, env: shell.env }, signal);
    tell(`  dashboard  ${up.run.apiUrl}/queues\n  API        ${up.run.apiUrl}/docs\n  log        ${home.logFile}\n\n`);
    const view = json ? undefined : createProgressView(shell);
    const observation = await observe({ beforeCompare }, { network, up, view }, signal);

    if (!ends) {
      print({ ...observation, exitCode: undefined }, json, shell);
      tell('Ctrl-C ends the demo.\n');
      if (!signal.aborted) await Promise.race([up.lost, once(signal, 'abort')]);
      return await up.stop();
    }
    const result = { ...observation, exitCode: await up.stop() };
    if (!isOk(result)) {
      home.keep();
      shell.stderr.write(`${up.lastWords()}\nLog and data are kept in ${home.directory}.\n\n`);
    }
    print(result, json, shell);
    return isOk(result) ? EXIT.ok : EXIT.negative;
  } catch (error) {
    if (!signal.aborted) {
      home.keep();
      shell.stderr.write(`Log and data are kept in ${home.directory}.\n`);
    }
    throw error;
  }
}

function print(result: DemoResult, json: boolean, { stdout }: Shell): void {
  stdout.write(json ? `${JSON.stringify(summaryJson(result))}\n` : `${renderSummary(result).join('\n')}\n`);
}
