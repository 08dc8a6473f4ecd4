import type { Socket } from 'node:net';
import { WebSocket, type RawData } from 'ws';
import type { DialFailure, FrameListener, FrameSocket, Opening, RelayUrl, SocketClose } from '@bigbrotr/models';
import { classifyFailure } from './classify-failure.js';
import type { DialerLimits } from './dialer-options.js';

/**
 * An open WebSocket. Paused from the start until {@link listen}; after a pause the frames of the chunk in hand (64 KiB
 * at most, or one message) may still come.
 */
export class WsFrameSocket implements FrameSocket {
  readonly url: RelayUrl;
  readonly opening: Opening;
  readonly #ws: WebSocket;
  readonly #limits: DialerLimits;
  readonly #closed: Promise<void>;
  readonly #pings = new Map<string, () => void>();
  #listener: FrameListener | undefined;
  #end: SocketClose | undefined;
  #failure: DialFailure | undefined;
  #isClosing = false;
  #bytesReceived = 0;
  #framesReceived = 0;
  #pingsSent = 0;

  /** Takes a WebSocket in its `open` event; `wire` is the connection that it runs on. */
  constructor(url: RelayUrl, opening: Opening, ws: WebSocket, wire: Socket, limits: DialerLimits) {
    this.url = url;
    this.opening = opening;
    this.#ws = ws;
    this.#limits = limits;
    ws.pause();
    ws.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    ws.on('pong', (data) => this.#pings.get(data.toString('latin1'))?.());
    ws.on('error', (error) => (this.#failure ??= classifyFailure(error, 'protocol')));
    wire.on('timeout', () => this.#onIdle(wire));
    wire.setTimeout(limits.idleMs);
    this.#closed = new Promise((resolve) => {
      ws.once('close', (code, reason) => {
        this.#onClose(code, reason.toString());
        resolve();
      });
    });
  }

  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  /** Binary frames, too: Nostr has none, so they are counted and dropped. */
  get framesReceived(): number {
    return this.#framesReceived;
  }

  listen(listener: FrameListener): void {
    if (this.#listener) throw new Error('a frame socket has one listener');
    this.#listener = listener;
    if (this.#end) listener.onClose(this.#end);
    else this.#ws.resume();
  }

  send(text: string): void {
    if (this.#ws.readyState !== WebSocket.OPEN) return;
    // A peer that asks much and reads nothing would fill our memory.
    if (this.#ws.bufferedAmount > this.#limits.maxPayloadBytes) this.#cut({ reason: 'timeout', code: 'send' });
    else this.#ws.send(text);
  }

  async ping(timeoutMs: number): Promise<number | undefined> {
    if (this.#ws.readyState !== WebSocket.OPEN) return undefined;
    const payload = String((this.#pingsSent += 1));
    const sentAt = performance.now();
    try {
      return await new Promise((resolve) => {
        const timer = setTimeout(resolve, timeoutMs, undefined);
        const answered = (): void => {
          clearTimeout(timer);
          resolve(this.#end ? undefined : performance.now() - sentAt);
        };
        this.#pings.set(payload, answered);
        this.#ws.ping(payload);
      });
    } finally {
      this.#pings.delete(payload);
    }
  }

  pause(): void {
    this.#ws.pause();
  }

  resume(): void {
    if (this.#listener) this.#ws.resume();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    // The answer to our close frame stands behind frames that were not read yet; those are dropped.
    this.#ws.resume();
    this.#ws.close(NORMAL_CLOSURE);
    const cut = setTimeout(() => this.#ws.terminate(), this.#limits.closeMs);
    await this.#closed;
    clearTimeout(cut);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    if (!Buffer.isBuffer(data)) return; // never: the binary type is nodebuffer
    this.#framesReceived += 1;
    this.#bytesReceived += data.length;
    if (!isBinary && !this.#isClosing) this.#listener?.onFrame(data);
  }

  /** While we pause it is we who are silent. */
  #onIdle(wire: Socket): void {
    if (this.#ws.isPaused) wire.setTimeout(this.#limits.idleMs);
    else this.#cut({ reason: 'timeout', code: 'idle' });
  }

  #cut(failure: DialFailure): void {
    this.#failure ??= failure;
    this.#ws.terminate();
  }

  #onClose(code: number, reason: string): void {
    const failure = this.#failure ?? (code === NO_CLOSE_FRAME && !this.#isClosing ? WIRE_CUT : undefined);
    this.#end = failure ? { code, reason, failure } : { code, reason };
    for (const answered of this.#pings.values()) answered();
    this.#listener?.onClose(this.#end);
  }
}

const NORMAL_CLOSURE = 1000;
const NO_CLOSE_FRAME = 1006;
const WIRE_CUT: DialFailure = { reason: 'reset' };
