import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { HttpRequest, HttpResult } from '@bigbrotr/models';
import type { Deadline } from '../async/deadline.js';
import type { DialerLimits } from './dialer-options.js';
import { flattenHeaders, redirectOf } from './http-head.js';
import type { Transport } from './open-transport.js';
import { BodyTooLarge, readBody } from './read-body.js';
import { hostHeaderOf, type Target } from './target.js';
import { WireFailure, wireFailure } from './wire-failure.js';

export interface HttpOptions {
  readonly limits: DialerLimits;
  readonly userAgent: string;
}

export interface HttpHop {
  readonly url: URL;
  readonly target: Target;
  readonly transport: Transport;
}

/** One GET on a fresh connection, which is gone afterwards. */
export async function requestOnce(
  hop: HttpHop,
  request: HttpRequest,
  deadline: Deadline,
  options: HttpOptions,
): Promise<HttpResult> {
  try {
    const response = await readHead(hop, request, deadline, options);
    const redirect = redirectOf(response);
    if (redirect) return { ok: false, failure: redirect };
    const body = await readBody(response, request.maxBytes, deadline.signal);
    return {
      ok: true,
      status: response.statusCode ?? 0,
      headers: flattenHeaders(response.headers),
      body,
      durationMs: deadline.elapsedMs,
    };
  } catch (error) {
    if (error instanceof BodyTooLarge) return { ok: false, failure: { reason: 'too-large' } };
    throw wireFailure(error, deadline, 'request', 'protocol');
  } finally {
    hop.transport.socket.destroy();
  }
}

function readHead(
  { url, target, transport }: HttpHop,
  request: HttpRequest,
  { signal }: Deadline,
  { limits, userAgent }: HttpOptions,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      createConnection: () => transport.socket,
      path: url.pathname + url.search,
      headers: {
        'user-agent': userAgent,
        accept: '*/*',
        ...request.headers,
        host: hostHeaderOf(target),
        'accept-encoding': 'identity',
        connection: 'close',
      },
      maxHeaderSize: limits.maxHeaderBytes,
      signal,
    });
    outgoing.on('error', reject);
    outgoing.once('response', (response) => {
      // The reader of the body hears of errors, too; this listener only keeps a late one from ending the process.
      response.on('error', reject);
      resolve(response);
    });
    // Neither an answer nor an error: an upgrade that nobody asked for.
    outgoing.once('close', () => reject(new WireFailure({ reason: 'protocol', code: 'upgrade' })));
    outgoing.end();
  });
}
