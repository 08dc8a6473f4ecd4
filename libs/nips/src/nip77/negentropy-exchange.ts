import type { Filter, SocketClose } from '@bigbrotr/models';
import { negCloseFrame, negMsgFrame, negOpenFrame } from '../nip01/client-message.js';
import type { Carrier, Exchange, NoAnswer, Refusal } from '../nip01/exchange.js';
import { refusedBy } from '../nip01/question.js';
import type { RelayMessage } from '../nip01/relay-message.js';
import { SilenceTimer } from '../nip01/silence-timer.js';

export type NegentropyTurn = { readonly ok: true; readonly hex: string } | NoAnswer;

export interface NegentropyExchangeOptions {
  readonly signal: AbortSignal;
  /** Longest wait for the relay's turn; time in which we did not read does not count. */
  readonly turnMs: number;
}

/** A NEG-OPEN … NEG-CLOSE conversation, in strict turns. Once a turn came back without an answer, it is over. */
export class NegentropyExchange implements Exchange {
  readonly id: string;
  readonly kind = 'negentropy';
  readonly #filter: Filter;
  readonly #options: NegentropyExchangeOptions;
  readonly #carrier: Carrier;
  readonly #onAbort = () => this.#end({ ok: false, reason: 'aborted' });
  #open = false;
  #answered = false;
  #over: NoAnswer | undefined;
  #turn: { readonly resolve: (turn: NegentropyTurn) => void; readonly timer: SilenceTimer } | undefined;

  constructor(id: string, filter: Filter, options: NegentropyExchangeOptions, carrier: Carrier) {
    this.id = id;
    this.#filter = filter;
    this.#options = options;
    this.#carrier = carrier;
    options.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  get expectsAnswer(): boolean {
    return this.#turn !== undefined;
  }

  begin(): void {
    if (this.#options.signal.aborted) this.#onAbort();
  }

  /** Sends our message (in a NEG-OPEN the first time) and waits for the relay's. One turn at a time. */
  turn(hex: string): Promise<NegentropyTurn> {
    if (this.#over !== undefined) return Promise.resolve(this.#over);
    const frame = this.#open ? negMsgFrame(this.id, hex) : negOpenFrame(this.id, this.#filter, hex);
    this.#open = true;
    return new Promise((resolve) => {
      const timer = new SilenceTimer(this.#options.turnMs, () => this.#end({ ok: false, reason: 'timeout' }));
      this.#turn = { resolve, timer };
      this.#carrier.send(frame);
    });
  }

  /** Ends the conversation; a waiting turn is told `aborted`. */
  close(): void {
    this.#end({ ok: false, reason: 'aborted' });
  }

  hear(message: RelayMessage): void {
    if (message.type === 'NEG-MSG') {
      this.#answered = true;
      this.#answer({ ok: true, hex: message.hex });
    } else if (message.type === 'NEG-ERR') {
      const refusal = refusedBy('NEG-ERR', message.text);
      this.#end(message.cap === undefined ? refusal : { ...refusal, cap: message.cap });
    } else if (message.type === 'CLOSED') {
      this.#end(refusedBy('CLOSED', message.text));
    }
  }

  hearNotice(refusal: Refusal): void {
    this.#end({ ok: false, reason: 'refused', by: 'NOTICE', ...refusal });
  }

  lose(close: SocketClose): void {
    this.#end({ ok: false, reason: 'disconnect', close });
  }

  hold(): void {
    this.#turn?.timer.hold();
  }

  resume(): void {
    this.#turn?.timer.resume();
  }

  #answer(turn: NegentropyTurn): void {
    this.#turn?.timer.stop();
    this.#turn?.resolve(turn);
    this.#turn = undefined;
  }

  #end(end: NoAnswer): void {
    if (this.#over !== undefined) return;
    this.#over = end;
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    this.#carrier.drop(this.id);
    // A relay that never answered may not know the verb: its complaint about a NEG-CLOSE would be taken for
    // an answer to whatever we ask next.
    if (this.#answered && end.reason !== 'disconnect' && end.reason !== 'refused') {
      this.#carrier.send(negCloseFrame(this.id));
    }
    this.#answer(end);
  }
}
