import type { WebSocket } from 'ws';

import type { RelayState } from './relay-state.js';

/** A message of the relay, before it is JSON. */
export type Frame = readonly [verb: string, ...rest: unknown[]];

/** The sending half of one client's WebSocket. */
export class Connection {
  /** Aborts when the connection has ended. */
  readonly ended: AbortSignal;
  readonly #socket: WebSocket;
  readonly #relay: RelayState;

  constructor(socket: WebSocket, relay: RelayState) {
    const ending = new AbortController();
    this.ended = ending.signal;
    this.#socket = socket;
    this.#relay = relay;
    socket.on('close', () => ending.abort());
  }

  /** Resolves when the wire has taken the frame, or the connection is gone. */
  send(frame: Frame): Promise<void> {
    const text = JSON.stringify(frame);
    this.#relay.counts.bytesSent += Buffer.byteLength(text);
    return new Promise((resolve) => this.#socket.send(text, () => resolve()));
  }

  /** Cuts the connection without a close frame. */
  cut(): void {
    this.#socket.terminate();
  }
}
