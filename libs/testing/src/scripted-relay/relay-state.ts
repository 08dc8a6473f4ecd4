import type { NostrEvent } from '@bigbrotr/models';

import type { Random } from '../random.js';
import type { EventIndex } from './event-index.js';
import type { Temper } from './temper.js';

/** One message of a client. */
export interface LoggedRequest {
  /** `REQ`, `COUNT`, `CLOSE`, `NEG-OPEN`, `NEG-MSG`, `NEG-CLOSE`, `AUTH`, `EVENT`, or whatever came. */
  readonly verb: string;
  /** The subscription id of the verbs that have one. */
  readonly subscription: string | undefined;
  /** Of REQ, COUNT and NEG-OPEN, as sent. */
  readonly filters: readonly Readonly<Record<string, unknown>>[];
  /** The whole message. */
  readonly message: readonly unknown[];
  /** Connections are numbered from 1. */
  readonly connection: number;
  /** Unix milliseconds. */
  readonly at: number;
}

/** The answering side of a NIP-77 reconciliation over a fixed set; hex in, hex out. */
export interface Reconciliation {
  reply(message: string): string;
}

export type NegentropyResponder = (items: readonly Pick<NostrEvent, 'id' | 'created_at'>[]) => Reconciliation;

/** What the connections of one relay share. */
export interface RelayState {
  temper: Temper;
  readonly index: EventIndex;
  readonly random: Random;
  readonly negentropy: NegentropyResponder | undefined;
  /** Over the relay's life, for the tempers that strike at every n-th. */
  readonly counts: { reqs: number; pages: number; bytesReceived: number; bytesSent: number };
  readonly rate: { served: number; refusedUntil: number };
  log(request: LoggedRequest): void;
  /** Stores events and sends the new ones to every open subscription that they match. */
  publish(events: readonly NostrEvent[]): void;
  /** Starts `liveAfterEose`, once. */
  startLive(): void;
  /** Takes a mistake of the relay itself; `close` throws it. */
  fault(error: unknown): void;
}
