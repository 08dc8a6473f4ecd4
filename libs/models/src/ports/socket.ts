import type { RelayUrl } from '../relay/relay-url.js';

/** Why no usable connection came to be, or why one ended. Made from error codes, never from message texts. */
export type DialFailureReason =
  | 'dns' // the name does not resolve
  | 'refused' // connection refused
  | 'unreachable' // no route, network down
  | 'reset' // cut by the peer before the handshake was done
  | 'timeout' // our deadline passed
  | 'tls' // certificate or handshake
  | 'http' // an upgrade answered with another status than 101; see `status`
  | 'redirect' // 3xx on the upgrade; see `location`
  | 'proxy' // the SOCKS proxy is absent or refused
  | 'blocked' // our own law: private address, port, disabled network
  | 'protocol' // not HTTP, bad frame, frame too large
  | 'aborted'; // our caller's signal

export interface DialFailure {
  readonly reason: DialFailureReason;
  /** Node error code, TLS verdict or the law's word that led to the reason, e.g. `ECONNREFUSED`, `CERT_HAS_EXPIRED`, `private-address`. */
  readonly code?: string;
  /** HTTP status of a refused upgrade. */
  readonly status?: number;
  /** Target of a redirect, as sent. */
  readonly location?: string;
}

export interface SocketClose {
  /** WebSocket close code; 1006 when there was no close frame. */
  readonly code: number;
  readonly reason: string;
  /** Set when the wire, not the peer's close frame, ended it. */
  readonly failure?: DialFailure;
}

export interface TlsFacts {
  readonly authorized: boolean;
  /** OpenSSL verdict, e.g. `CERT_HAS_EXPIRED`; absent when authorized. */
  readonly reason?: string;
  readonly protocol: string | null;
  readonly cipher: string | null;
  /** DER of the leaf certificate; empty when the peer sent none. */
  readonly certificate: Buffer;
}

/** What was learned while the connection was made; costs no second connection. */
export interface Opening {
  /** From the first SYN (or proxy request) to the 101 answer, milliseconds, without the wait for a slot. */
  readonly openMs: number;
  /** The checked address we are connected to; absent behind a proxy. */
  readonly address?: string;
  readonly port: number;
  /** Headers of the 101 answer, lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls?: TlsFacts;
}

export interface FrameListener {
  /** One whole text frame, still bytes: the receiver decides whether it is worth decoding. */
  onFrame(data: Buffer): void;
  /** Called exactly once, after the last frame. */
  onClose(close: SocketClose): void;
}

/** A WebSocket as the protocol layer sees it. Made by a {@link Dial}, closed by whoever dialled. */
export interface FrameSocket extends AsyncDisposable {
  readonly url: RelayUrl;
  readonly opening: Opening;
  readonly bytesReceived: number;
  readonly framesReceived: number;
  /** Names the one receiver. Frames that came earlier wait (the socket is paused until then). */
  listen(listener: FrameListener): void;
  /** Sends one text frame; silently dropped once closed. */
  send(text: string): void;
  /** Round trip of a ping frame in milliseconds, or undefined when none came within `timeoutMs`. */
  ping(timeoutMs: number): Promise<number | undefined>;
  pause(): void;
  resume(): void;
  /** Closes with a close frame, then cuts after a short deadline. Never throws, never hangs. */
  close(): Promise<void>;
}

export interface DialOptions {
  readonly signal: AbortSignal;
  /** For the whole opening; default is the network's configured timeout. */
  readonly timeoutMs?: number;
  /** Accept an invalid certificate (the verdict is in `opening.tls`). */
  readonly allowInsecure?: boolean;
}

export type DialResult =
  | { readonly ok: true; readonly socket: FrameSocket }
  | { readonly ok: false; readonly failure: DialFailure; readonly tls?: TlsFacts };

/** Opens a WebSocket under the dialer's law. An unreachable relay is a result; only a bug throws. */
export type Dial = (url: RelayUrl, options: DialOptions) => Promise<DialResult>;
