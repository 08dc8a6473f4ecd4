import type { NostrEvent } from '@bigbrotr/models';

/**
 * How a scripted relay behaves. Every field is a departure from a well-mannered relay that answers each REQ with all
 * matching events, newest first (ties by id), and an EOSE; they combine freely.
 */
export interface Temper {
  // What a page holds.

  /** At most so many events per filter, whatever was asked; nobody is told. */
  readonly cap?: number;
  /** For filters without `limit`; default: all. */
  readonly defaultLimit?: number;
  /** `oldest` serves the oldest matches first and ascending, `shuffled` the newest ones in random order. */
  readonly order?: 'newest' | 'oldest' | 'shuffled';
  /** `since` and `until` leave out the second that they name. */
  readonly exclusiveBounds?: boolean;
  readonly ignoresUntil?: boolean;
  readonly ignoresLimit?: boolean;
  /** What `until` below 1 means: as if absent (seen in the wild, the default), what NIP-01 says, or a complaint. */
  readonly untilBelowOne?: 'absent' | 'literal' | 'closed' | 'notice';
  /** Adds NIP-67 hints to EOSE: `finish` or `more`. */
  readonly nip67?: boolean;
  /** Share of a page's events that come a second time at its end. */
  readonly duplicates?: number;
  /** Share of the held events that are always served under a broken signature. */
  readonly badSignatures?: number;
  /** So many events that match no filter of the request, mixed into every page. */
  readonly outsideFilter?: number;
  /** Each event of a page is served with this probability, drawn anew for every request. */
  readonly randomAnswers?: number;

  // How a page is sent.

  /** Each n-th REQ, counted over the relay's life, gets no answer at all. */
  readonly everyNthReqSilent?: number;
  /** A page ends after so many events in silence, without EOSE. */
  readonly cutPageAfter?: number;
  /** The connection is cut when so many events have gone over it, without a close frame. */
  readonly resetEvery?: number;
  /** Each n-th page, counted over the relay's life, is cut in its middle together with the connection. */
  readonly disconnectMidPage?: number;
  /** Before each page so many events under a subscription that nobody opened. */
  readonly floodOtherSubscriptions?: number;
  readonly eoseTwice?: boolean;
  /** From the first EOSE on, one new event is stored and sent to whom it matches, each so many milliseconds, until `events` is used up. */
  readonly liveAfterEose?: { readonly events: readonly NostrEvent[]; readonly everyMs: number };
  /** Every client message is answered so much later: a round trip over a long wire. */
  readonly latencyMs?: number;

  // Who may ask, and how often.

  /**
   * `first`: challenge at the opening, everything before AUTH is CLOSED. `silent`: the same, but unanswered.
   * `late`: `authAfter` REQs of a connection are served, then it is challenged. `never`: like `first`, and every AUTH is refused.
   */
  readonly auth?: 'first' | 'late' | 'silent' | 'never';
  /** For `auth: 'late'`; default 3. */
  readonly authAfter?: number;
  /** After `every` REQs all are refused for `recoverMs`. */
  readonly rateLimit?: { readonly by: 'closed' | 'notice'; readonly every: number; readonly recoverMs: number };
  /** A REQ beyond so many open ones of its connection is refused. */
  readonly maxSubscriptions?: number;

  // The other verbs.

  /** Default false: a NOTICE says that the command is unknown. */
  readonly count?: boolean | 'approximate' | 'silent';
  /**
   * `refused` (the default) is a NOTICE, `blocked` a NEG-ERR. `full` and `truncated` need a responder;
   * `truncated` shows it only the newest `negentropyCap` events and keeps quiet about that.
   */
  readonly negentropy?: 'refused' | 'blocked' | 'garbage' | 'truncated' | 'full' | 'silent';
  /** For `truncated` (default 500). With `full`: more matches than this are refused by NEG-ERR, which names the cap. */
  readonly negentropyCap?: number;
  /** Of an EVENT; default `accepted`: a valid one is stored and sent to whom it matches. */
  readonly publishing?: 'accepted' | 'blocked' | 'silent';

  // Not a relay at all, or hardly.

  /** Answers every upgrade with this status instead of a WebSocket. */
  readonly upgradeStatus?: number;
  readonly upgradeHeaders?: Readonly<Record<string, string>>;
  /** A WebSocket that returns every frame as it came. */
  readonly notNostr?: boolean;
  /** A WebSocket that never says a word. */
  readonly silent?: boolean;
  /** The answer to a NIP-11 request: a document, or what goes wrong. `huge` is 8 MiB of valid JSON. */
  readonly nip11?: Readonly<Record<string, unknown>> | 'html' | 'broken' | 'missing' | 'huge' | 'silent';
}
