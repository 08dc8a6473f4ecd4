import type { DialFailure, HttpRequest, HttpResult } from '@bigbrotr/models';
import type { Deadline } from '../async/deadline.js';
import { requestOnce, type HttpOptions } from './http-request.js';
import type { Transport, TransportRequest } from './open-transport.js';
import { targetOfHttp, type Target } from './target.js';
import { WireFailure } from './wire-failure.js';

/**
 * GETs a document, following redirects as far as the request allows and only on the same host; every hop is resolved
 * and checked anew. A redirect that is not followed is the finding `redirect`.
 */
export async function getDocument(
  address: string,
  request: HttpRequest,
  deadline: Deadline,
  connect: (target: Target, request: TransportRequest) => Promise<Transport>,
  options: HttpOptions,
): Promise<HttpResult> {
  if (!URL.canParse(address)) throw new WireFailure({ reason: 'blocked', code: 'not-a-url' });
  let url = new URL(address);
  for (let redirects = 0; ; redirects += 1) {
    const target = targetOfHttp(url);
    const transport = await connect(target, { use: 'http', allowInsecure: request.allowInsecure ?? false, deadline });
    const result = await requestOnce({ url, target, transport }, request, deadline, options);
    const next = result.ok ? undefined : nextHop(url, result.failure);
    if (next === undefined || redirects >= (request.maxRedirects ?? 0)) return result;
    url = next;
  }
}

/** Where a redirect leads, when we may go there: same host, and not from TLS into the open. */
function nextHop(from: URL, failure: DialFailure | { readonly reason: 'too-large' }): URL | undefined {
  if (failure.reason !== 'redirect' || failure.location === undefined) return undefined;
  if (!URL.canParse(failure.location, from.href)) return undefined;
  const next = new URL(failure.location, from.href);
  return next.hostname === from.hostname && !(from.protocol === 'https:' && next.protocol === 'http:')
    ? next
    : undefined;
}
