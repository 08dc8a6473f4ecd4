import type { DialFailure } from './socket.js';

export interface HttpRequest {
  readonly signal: AbortSignal;
  /** For everything, body included. */
  readonly timeoutMs: number;
  /** Longer bodies are cut off and reported as `too-large`. Counted after decompression; none is asked for. */
  readonly maxBytes: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Follow at most this many redirects to the same host; default 0. */
  readonly maxRedirects?: number;
  readonly allowInsecure?: boolean;
}

export type HttpResult =
  | {
      readonly ok: true;
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Buffer;
      readonly durationMs: number;
    }
  | { readonly ok: false; readonly failure: DialFailure | { readonly reason: 'too-large' } };

/** GET of an http(s) URL under the dialer's law. */
export type HttpGet = (url: string, request: HttpRequest) => Promise<HttpResult>;
