import { EXIT } from './shell.js';

export interface Running {
  close(): Promise<void>;
  /** Settles when the work ends by itself; absent: it never does. */
  readonly ended?: Promise<number>;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs until a signal, a fatal fault, or its own end, then closes. A signal that comes before everything is open waits
 * for it; a second one leaves at once.
 * @returns the exit code: 0 after a signal that was obeyed.
 */
export async function untilStopped(open: (fail: (error: Error) => void) => Promise<Running>): Promise<number> {
  let stop: (reason: 'signal' | Error) => void = () => undefined;
  const stopped = new Promise<'signal' | Error>((resolve) => {
    stop = resolve;
  });
  let signals = 0;
  const onSignal = (): void => {
    if (++signals > 1) process.exit(EXIT.interrupted);
    stop('signal');
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    const running = await open(stop);
    const end = await Promise.race([stopped, ...(running.ended ? [running.ended] : [])]);
    await running.close();
    if (end instanceof Error) throw end;
    return end === 'signal' ? EXIT.ok : end;
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}
