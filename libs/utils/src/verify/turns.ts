import { setImmediate as eventLoopTurn } from 'node:timers/promises';

/**
 * Lets long computations share the thread with input and output: a caller waits for its turn, works until the moment
 * that it is given (as `performance.now()`) and asks again. One turn of the event loop serves one caller, first come,
 * first served: twenty callers that each yielded on their own would hold the loop twenty times as long.
 */
export function createTurns(sliceMs: number): () => Promise<number> {
  let latest: Promise<unknown> = Promise.resolve();

  return () => {
    const turn = latest.then(() => eventLoopTurn()).then(() => performance.now() + sliceMs);
    latest = turn;
    return turn;
  };
}
