import { pino } from 'pino';
import { prettyFactory } from 'pino-pretty';

import type { LogConfig } from '../config/schema.js';
import { maskSecrets } from './mask-secrets.js';
import { serializeError } from './serialize-error.js';

/** What varies in a line. An error goes under `err`. Never an event's content. */
export type LogData = Readonly<Record<string, unknown>>;

/**
 * A literal: what varies belongs into the data, so that lines can be counted by their phrase. Only literals make
 * keys that can be required; `string` and templates make an index signature, which never is.
 */
type Phrase<P extends string> =
  Partial<Record<P, unknown>> extends Record<P, unknown> ? 'a log phrase is a literal' : P;

/** Data first, then a static lower-case phrase. */
type Log = <const P extends string>(data: LogData, phrase: Phrase<P>) => void;

/** Levels by who must act: error, ours to fix; warn, look when it repeats; info, life cycle; debug, per job; trace, per frame. */
export interface Logger {
  readonly error: Log;
  readonly warn: Log;
  readonly info: Log;
  readonly debug: Log;
  readonly trace: Log;
  /** A logger whose every line also holds `bindings`. */
  child(bindings: LogData): Logger;
  /** For data that is costly to make. */
  isLevelEnabled(level: 'debug' | 'trace'): boolean;
}

/** Where lines go: `process.stdout`, `process.stderr`, or anything of a spec's. */
export interface LogDestination {
  readonly isTTY?: boolean;
  /** Written to directly where there is one: a stream would buffer. */
  readonly fd?: number;
  write(line: string): unknown;
}

/**
 * Writes are synchronous and no worker thread is involved: the last line before an exit is never lost, and a bundle has
 * nothing to resolve at run time.
 */
export function createLogger(
  { level, pretty }: LogConfig,
  { destination = process.stdout }: { readonly destination?: LogDestination } = {},
): Logger {
  const isPretty = pretty === 'auto' ? destination.isTTY === true : pretty;
  const sink = destination.fd === undefined ? destination : pino.destination({ dest: destination.fd, sync: true });
  const root = pino(
    {
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: serializeError },
      formatters: {
        level: (label) => ({ level: label }),
        log: maskFields,
      },
    },
    isPretty ? prettySink(sink, destination.isTTY === true) : { write: (line) => void sink.write(line) },
  );
  return narrow(root);
}

/** Less than pino offers, so that nobody leans on more. */
function narrow(log: pino.Logger): Logger {
  return {
    error: log.error.bind(log),
    warn: log.warn.bind(log),
    info: log.info.bind(log),
    debug: log.debug.bind(log),
    trace: log.trace.bind(log),
    child: (bindings) => narrow(log.child(maskFields(bindings))),
    isLevelEnabled: (level) => log.isLevelEnabled(level),
  };
}

function maskFields(fields: LogData): Record<string, unknown> {
  return maskSecrets(fields) as Record<string, unknown>;
}

function prettySink(sink: Pick<LogDestination, 'write'>, colorize: boolean): pino.DestinationStream {
  const prettify = prettyFactory({
    colorize,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  });
  return { write: (line) => void sink.write(prettify(line)) };
}
