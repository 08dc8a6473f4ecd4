import type { SocketClose } from '@bigbrotr/models';
import type { Carrier, Exchange, ExchangeKind, NoAnswer, Refusal } from './exchange.js';
import { classifyReason } from './reason-text.js';
import type { RelayMessage } from './relay-message.js';
import { SilenceTimer } from './silence-timer.js';

export interface QuestionOptions {
  readonly signal: AbortSignal;
  /** Until the answer, by the clock. */
  readonly timeoutMs: number;
}

export interface QuestionWording<T extends { readonly ok: true }> {
  readonly kind: ExchangeKind;
  readonly id: string;
  /** Absent for a question that we only listen for. */
  readonly frame?: string;
  /** What a message answers, or undefined for "go on waiting". */
  readonly read: (message: RelayMessage) => T | NoAnswer | undefined;
}

/** An exchange of one question and one answer. */
export class Question<T extends { readonly ok: true }> implements Exchange {
  readonly id: string;
  readonly kind: ExchangeKind;
  readonly answer: Promise<T | NoAnswer>;
  readonly #wording: QuestionWording<T>;
  readonly #signal: AbortSignal;
  readonly #carrier: Carrier;
  readonly #timer: SilenceTimer;
  readonly #onAbort = () => this.#settle({ ok: false, reason: 'aborted' });
  #resolve: (answer: T | NoAnswer) => void = () => undefined;

  constructor(wording: QuestionWording<T>, { signal, timeoutMs }: QuestionOptions, carrier: Carrier) {
    this.id = wording.id;
    this.kind = wording.kind;
    this.#wording = wording;
    this.#signal = signal;
    this.#carrier = carrier;
    this.answer = new Promise((resolve) => (this.#resolve = resolve));
    this.#timer = new SilenceTimer(timeoutMs, () => this.#settle({ ok: false, reason: 'timeout' }));
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  get expectsAnswer(): boolean {
    return this.#wording.frame !== undefined;
  }

  begin(): void {
    if (this.#signal.aborted) this.#onAbort();
    else if (this.#wording.frame !== undefined) this.#carrier.send(this.#wording.frame);
  }

  hear(message: RelayMessage): void {
    const answer = message.type === 'CLOSED' ? refusedBy('CLOSED', message.text) : this.#wording.read(message);
    if (answer !== undefined) this.#settle(answer);
  }

  hearNotice(refusal: Refusal): void {
    this.#settle({ ok: false, reason: 'refused', by: 'NOTICE', ...refusal });
  }

  lose(close: SocketClose): void {
    this.#settle({ ok: false, reason: 'disconnect', close });
  }

  hold(): void {
    // The deadline goes by the clock: whoever stopped the reading may be waiting for this very answer.
  }

  resume(): void {
    // See hold.
  }

  #settle(answer: T | NoAnswer): void {
    this.#timer.stop();
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#carrier.drop(this.id);
    this.#resolve(answer);
  }
}

export function refusedBy(by: 'CLOSED' | 'OK' | 'NEG-ERR', text: string): NoAnswer & { readonly reason: 'refused' } {
  return { ok: false, reason: 'refused', by, class: classifyReason(text), text };
}
