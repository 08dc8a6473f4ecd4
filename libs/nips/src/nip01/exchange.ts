import type { SocketClose } from '@bigbrotr/models';
import type { ReasonClass } from './reason-text.js';
import type { RelayMessage } from './relay-message.js';

/** A text by which a relay turned something down. */
export interface Refusal {
  readonly class: ReasonClass;
  readonly text: string;
}

export type ExchangeKind = 'request' | 'count' | 'publish' | 'auth' | 'negentropy';

/** One conversation on a connection: it hears what is addressed to it until it takes itself off. */
export interface Exchange {
  /** What the relay addresses it by: a subscription id, or the id of an event that awaits its OK. */
  readonly id: string;
  readonly kind: ExchangeKind;
  /** The relay owes an answer, so a NOTICE may be meant for this. */
  readonly expectsAnswer: boolean;
  /** Called once, when it is on the connection. */
  begin(): void;
  hear(message: RelayMessage, bytes: number): void;
  /** A refusing NOTICE that can only be meant for this exchange. */
  hearNotice(refusal: Refusal): void;
  /** The socket is gone. */
  lose(close: SocketClose): void;
  /** We stopped reading: silence is ours until `resume`. */
  hold(): void;
  resume(): void;
}

/** What an exchange may do with the connection that carries it. */
export interface Carrier {
  send(frame: string): void;
  /** Takes the exchange off; what still arrives for it is counted as late. */
  drop(id: string): void;
  /** Asks to stop reading, or to go on: reading goes on when nobody asks to stop. */
  holdReading(id: string, hold: boolean): void;
}

/** Why a question has no usable answer. */
export type NoAnswer =
  | {
      readonly ok: false;
      readonly reason: 'refused';
      /** The verb that said so. */
      readonly by: 'CLOSED' | 'NOTICE' | 'OK' | 'NEG-ERR';
      readonly class: ReasonClass;
      readonly text: string;
      /** Largest set that the relay reconciles, when a NEG-ERR told. */
      readonly cap?: number;
    }
  | { readonly ok: false; readonly reason: 'timeout' }
  | { readonly ok: false; readonly reason: 'disconnect'; readonly close: SocketClose }
  | { readonly ok: false; readonly reason: 'aborted' };
