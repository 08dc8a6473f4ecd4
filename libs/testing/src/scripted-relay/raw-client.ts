import { once } from 'node:events';

import type { NostrEvent } from '@bigbrotr/models';
import { WebSocket } from 'ws';

type Frame = readonly [verb: string, ...rest: unknown[]];

export interface Answer {
  /** Events of the subscription, in the order in which they came. */
  readonly events: NostrEvent[];
  /** What ended it; `nothing` when no word came for `quietMs`. */
  readonly end: 'EOSE' | 'CLOSED' | 'NOTICE' | 'disconnect' | 'nothing';
  /** The frame that ended it. */
  readonly last: Frame | undefined;
}

/** The plainest of clients: sends what it is told and keeps what comes. For this folder's specs. */
export interface RawClient extends AsyncDisposable {
  readonly frames: Frame[];
  /** Resolves with the close code. */
  readonly closed: Promise<number>;
  send(...frame: readonly unknown[]): void;
  /** The first frame from number `from` on that passes. */
  frame(passes: (frame: Frame) => boolean, from?: number): Promise<Frame>;
  /** Sends a REQ and collects the answer to it. */
  ask(
    filters: object | readonly object[],
    options?: { readonly id?: string; readonly quietMs?: number },
  ): Promise<Answer>;
}

export async function connectRaw(url: string): Promise<RawClient> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const frames: Frame[] = [];
  const listeners = new Set<() => void>();
  const notify = (): void => listeners.forEach((listener) => listener());
  let asked = 0;

  socket.on('message', (data: Buffer) => {
    frames.push(JSON.parse(data.toString()) as Frame);
    notify();
  });
  const closed = once(socket, 'close').then(([code]) => code as number);
  socket.on('close', notify);
  await once(socket, 'open');

  /** Resolves when something came or the connection ended, or with false after `ms`. */
  function something(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const finish = (came: boolean) => (): void => {
        clearTimeout(timer);
        listeners.delete(onCame);
        resolve(came);
      };
      const onCame = finish(true);
      const timer = setTimeout(finish(false), ms);
      listeners.add(onCame);
    });
  }

  async function frame(passes: (frame: Frame) => boolean, from = 0): Promise<Frame> {
    for (let position = from; ; position += 1) {
      while (position >= frames.length) {
        if (socket.readyState !== WebSocket.OPEN) throw new Error('the connection ended before the frame came');
        if (!(await something(5_000))) throw new Error('the frame did not come within 5 s');
      }
      if (passes(frames[position]!)) return frames[position]!;
    }
  }

  async function ask(
    filters: object | readonly object[],
    { id = `s${(asked += 1)}`, quietMs = 300 }: { readonly id?: string; readonly quietMs?: number } = {},
  ): Promise<Answer> {
    const events: NostrEvent[] = [];
    let position = frames.length;
    send('REQ', id, ...(Array.isArray(filters) ? (filters as object[]) : [filters]));
    for (;;) {
      for (; position < frames.length; position += 1) {
        const [verb, subject, event] = frames[position]!;
        if (verb === 'EVENT' && subject === id) events.push(event as NostrEvent);
        if (((verb === 'EOSE' || verb === 'CLOSED') && subject === id) || verb === 'NOTICE') {
          return { events, end: verb, last: frames[position] };
        }
      }
      if (socket.readyState !== WebSocket.OPEN) return { events, end: 'disconnect', last: undefined };
      if (!(await something(quietMs))) return { events, end: 'nothing', last: undefined };
    }
  }

  function send(...message: readonly unknown[]): void {
    socket.send(JSON.stringify(message));
  }

  return {
    frames,
    closed,
    send,
    frame,
    ask,
    async [Symbol.asyncDispose]() {
      socket.terminate();
      await closed;
    },
  };
}
