import type { FrameListener, FrameSocket, Opening, RelayUrl, SocketClose } from '@bigbrotr/models';

type Frame = readonly unknown[] | string | Buffer;

/** The relay's end of a socket made by {@link createScriptedSocket}. */
export interface ScriptedPeer {
  /** What the client sent, as text. */
  readonly received: readonly string[];
  /** The client has stopped reading. */
  readonly held: boolean;
  /** Arrays go out as JSON, the rest as it is; in order, and never before the present turn of the event loop is over. */
  send(...frames: readonly Frame[]): void;
  /** Ends the connection after what was sent. */
  cut(close?: Partial<SocketClose>): void;
}

export interface ScriptedSocketOptions {
  readonly url?: string;
  readonly opening?: Partial<Opening>;
  /** What pings measure; undefined = no pong ever. Default 1. */
  readonly pingMs?: number | undefined;
}

/** A WebSocket without a network. `answer` plays the relay: it is called with each frame of the client, parsed. */
export function createScriptedSocket(
  answer: (message: readonly unknown[], relay: ScriptedPeer) => void = () => undefined,
  options: ScriptedSocketOptions = {},
): { readonly socket: FrameSocket; readonly relay: ScriptedPeer } {
  const wire = new Wire();
  const received: string[] = [];
  const relay: ScriptedPeer = {
    received,
    get held() {
      return wire.paused;
    },
    send: (...frames) => frames.forEach((frame) => wire.push(toBuffer(frame))),
    cut: (close) => wire.push({ code: 1006, reason: '', ...close }),
  };
  const pingMs = 'pingMs' in options ? options.pingMs : 1;
  const close = () => wire.close();
  const socket: FrameSocket = {
    url: (options.url ?? 'wss://relay.example.com') as RelayUrl,
    opening: { openMs: 10, port: 443, headers: {}, ...options.opening },
    get bytesReceived() {
      return wire.bytes;
    },
    get framesReceived() {
      return wire.frames;
    },
    listen: (listener) => wire.listen(listener),
    send: (text) => {
      if (wire.over) return;
      received.push(text);
      answer(JSON.parse(text) as readonly unknown[], relay);
    },
    ping: () => Promise.resolve(wire.over || wire.paused ? undefined : pingMs),
    pause: () => wire.pause(),
    resume: () => wire.resume(),
    close,
    [Symbol.asyncDispose]: close,
  };
  return { socket, relay };
}

/** The direction from relay to client: a queue that a listener empties, one frame per turn, unless paused. */
class Wire {
  paused = false;
  over = false;
  bytes = 0;
  frames = 0;
  readonly #queue: (Buffer | SocketClose)[] = [];
  #listener: FrameListener | undefined;
  #running = false;

  push(item: Buffer | SocketClose): void {
    if (this.over) return;
    this.#queue.push(item);
    this.#run();
  }

  listen(listener: FrameListener): void {
    this.#listener = listener;
    this.#run();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.#run();
  }

  /** What was not delivered yet is lost, as it is on a wire. */
  close(): Promise<void> {
    this.#end({ code: 1000, reason: '' });
    return Promise.resolve();
  }

  #run(): void {
    if (this.#running) return;
    this.#running = true;
    setImmediate(() => {
      this.#running = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    while (this.#listener !== undefined && !this.over && !this.paused) {
      const item = this.#queue.shift();
      if (item === undefined) return;
      if (Buffer.isBuffer(item)) {
        this.frames += 1;
        this.bytes += item.length;
        this.#listener.onFrame(item);
      } else {
        this.#end(item);
      }
    }
  }

  #end(close: SocketClose): void {
    if (this.over) return;
    this.over = true;
    this.#listener?.onClose(close);
  }
}

function toBuffer(frame: Frame): Buffer {
  if (Buffer.isBuffer(frame)) return frame;
  return Buffer.from(typeof frame === 'string' ? frame : JSON.stringify(frame));
}
