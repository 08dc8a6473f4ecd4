import type { SocketClose } from '@bigbrotr/models';
import type { EoseHints } from '../nip67/eose-hints.js';
import { closeFrame } from './client-message.js';
import type { Carrier, Exchange, Refusal } from './exchange.js';
import { classifyReason, type ReasonClass } from './reason-text.js';
import type { RelayMessage } from './relay-message.js';
import { SilenceTimer } from './silence-timer.js';

/** How a request ended. Only `eose` says anything about what the relay does not have. */
export type RequestOutcome =
  | { readonly end: 'eose'; readonly hints: EoseHints }
  | { readonly end: 'closed'; readonly class: ReasonClass; readonly text: string }
  /** A refusing NOTICE while this was the only thing the relay owed an answer to. */
  | { readonly end: 'notice'; readonly class: ReasonClass; readonly text: string }
  /** Nothing for this subscription within `idleMs`. */
  | { readonly end: 'idle' }
  /** Not done within `hardMs`. */
  | { readonly end: 'hard' }
  /** More than `maxEvents` events or `maxBytes` bytes: the relay ignores the limit. */
  | { readonly end: 'too-many' }
  | { readonly end: 'disconnect'; readonly close: SocketClose }
  /** Ended by us: the signal, or a consumer that left. */
  | { readonly end: 'aborted' };

export interface RequestOptions {
  readonly signal: AbortSignal;
  /** Longest silence on this subscription; time in which we did not read does not count. */
  readonly idleMs: number;
  /** Longest duration of the whole request; Infinity only for a live one. */
  readonly hardMs: number;
  readonly maxEvents?: number;
  readonly maxBytes?: number;
  /** Go on after EOSE; silence is then no end. `eoseHints` says when the stored part was over. */
  readonly live?: boolean;
  /**
   * A refusing NOTICE counts when no answer came for so long after it, for it may be a greeting that only sounds like
   * a refusal. Default: half a second, or as long as the opening took where that is more.
   */
  readonly noticeGraceMs?: number;
  /** Reading stops while more than this is waiting to be pulled. */
  readonly buffer?: { readonly events: number; readonly bytes: number };
}

export const DEFAULT_NOTICE_GRACE_MS = 500;
const DEFAULT_BUFFER = { events: 1_000, bytes: 4 * 1024 * 1024 };

/**
 * A running REQ. Iterate it once for batches of raw events, each all that came since the last pull; then read
 * `outcome`. Leaving the loop early closes the subscription.
 */
export class Subscription implements AsyncIterable<unknown[]>, Exchange {
  readonly id: string;
  readonly kind = 'request';
  readonly outcome: Promise<RequestOutcome>;
  readonly #frame: string;
  readonly #options: RequestOptions;
  readonly #carrier: Carrier;
  readonly #startedAt = performance.now();
  readonly #idle: SilenceTimer;
  readonly #hard: SilenceTimer;
  readonly #onAbort = () => this.#finish({ end: 'aborted' });
  #resolve: (outcome: RequestOutcome) => void = () => undefined;
  #asked = false;
  #ended = false;
  #buffer: unknown[] = [];
  #bufferedBytes = 0;
  #holding = false;
  #wake: (() => void) | undefined;
  #events = 0;
  #bytes = 0;
  #firstAnswerMs: number | undefined;
  #eoseHints: EoseHints | undefined;
  #refusal: { readonly by: Refusal; readonly grace: SilenceTimer } | undefined;

  constructor(request: { readonly id: string; readonly frame: string }, options: RequestOptions, carrier: Carrier) {
    this.id = request.id;
    this.outcome = new Promise((resolve) => (this.#resolve = resolve));
    this.#frame = request.frame;
    this.#options = options;
    this.#carrier = carrier;
    this.#idle = new SilenceTimer(options.idleMs, () => this.#fallSilent('idle'));
    this.#hard = new SilenceTimer(options.hardMs, () => this.#fallSilent('hard'));
    options.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Events received so far, pulled or not. */
  get events(): number {
    return this.#events;
  }

  /** Bytes of the frames for this subscription. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Milliseconds from the REQ to the first EVENT or EOSE. */
  get firstAnswerMs(): number | undefined {
    return this.#firstAnswerMs;
  }

  /** Set once the relay said EOSE. */
  get eoseHints(): EoseHints | undefined {
    return this.#eoseHints;
  }

  get expectsAnswer(): boolean {
    return this.#eoseHints === undefined;
  }

  begin(): void {
    if (this.#options.signal.aborted) {
      this.#onAbort();
      return;
    }
    this.#asked = true;
    this.#carrier.send(this.#frame);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown[], void, void> {
    try {
      for (;;) {
        const batch = this.#take();
        if (batch.length > 0) yield batch;
        else if (this.#ended) return;
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      this.#finish({ end: 'aborted' });
    }
  }

  hear(message: RelayMessage, bytes: number): void {
    this.#idle.heard();
    this.#forgiveNotice();
    this.#bytes += bytes;
    if (message.type === 'EVENT') this.#receive(message.event, bytes);
    else if (message.type === 'EOSE') this.#endStored(message.hints);
    else if (message.type === 'CLOSED') {
      this.#finish({ end: 'closed', class: classifyReason(message.text), text: message.text });
    }
  }

  hearNotice(refusal: Refusal): void {
    this.#forgiveNotice();
    const { noticeGraceMs = DEFAULT_NOTICE_GRACE_MS } = this.#options;
    this.#refusal = { by: refusal, grace: new SilenceTimer(noticeGraceMs, () => this.#fallSilent('idle')) };
  }

  lose(close: SocketClose): void {
    this.#finish({ end: 'disconnect', close });
  }

  hold(): void {
    this.#idle.hold();
    this.#refusal?.grace.hold();
  }

  resume(): void {
    this.#idle.resume();
    this.#refusal?.grace.resume();
  }

  #forgiveNotice(): void {
    this.#refusal?.grace.stop();
    this.#refusal = undefined;
  }

  #fallSilent(end: 'idle' | 'hard'): void {
    this.#finish(this.#refusal === undefined ? { end } : { end: 'notice', ...this.#refusal.by });
  }

  #receive(event: unknown, bytes: number): void {
    const { maxEvents = Infinity, maxBytes = Infinity, buffer = DEFAULT_BUFFER } = this.#options;
    this.#firstAnswerMs ??= performance.now() - this.#startedAt;
    if (this.#events >= maxEvents || this.#bytes > maxBytes) {
      this.#finish({ end: 'too-many' });
      return;
    }
    this.#events += 1;
    this.#buffer.push(event);
    this.#bufferedBytes += bytes;
    if (!this.#holding && (this.#buffer.length > buffer.events || this.#bufferedBytes > buffer.bytes)) {
      this.#hold(true);
    }
    this.#wake?.();
  }

  #endStored(hints: EoseHints): void {
    if (this.#eoseHints !== undefined) return;
    this.#eoseHints = hints;
    this.#firstAnswerMs ??= performance.now() - this.#startedAt;
    if (this.#options.live === true) this.#idle.stop();
    else this.#finish({ end: 'eose', hints });
  }

  #take(): unknown[] {
    const batch = this.#buffer;
    this.#buffer = [];
    this.#bufferedBytes = 0;
    if (this.#holding) this.#hold(false);
    return batch;
  }

  #hold(holding: boolean): void {
    this.#holding = holding;
    this.#carrier.holdReading(this.id, holding);
  }

  #finish(outcome: RequestOutcome): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#idle.stop();
    this.#hard.stop();
    this.#refusal?.grace.stop();
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    if (outcome.end === 'aborted') this.#buffer = [];
    if (this.#holding) this.#hold(false);
    this.#carrier.drop(this.id);
    if (this.#asked && leavesOpen(outcome)) this.#carrier.send(closeFrame(this.id));
    this.#resolve(outcome);
    this.#wake?.();
  }
}

/**
 * Whether the relay may still hold the subscription. A relay that could not read the REQ would complain about
 * the CLOSE too, and that NOTICE would be taken for an answer to the next request.
 */
function leavesOpen(outcome: RequestOutcome): boolean {
  if (outcome.end === 'closed' || outcome.end === 'disconnect') return false;
  return !(outcome.end === 'notice' && (outcome.class === 'unsupported' || outcome.class === 'invalid'));
}
