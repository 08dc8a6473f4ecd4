import { createHash, timingSafeEqual } from 'node:crypto';

import { HttpProblem } from '../http/http-problem.js';
import { tokenOf } from './credentials.js';
import { isLoopback, isLoopbackHost } from './loopback.js';

export interface AccessOptions {
  /** The address that the server is bound to. */
  readonly host: string;
  readonly token?: string | undefined;
  readonly viewerToken?: string | undefined;
}

/** `local` is whoever sits at this machine while no token is set. */
export type Actor = 'operator' | 'viewer' | 'local';

export interface RequestFacts {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface Access {
  /** Who asks, if they may do this; throws a problem otherwise. */
  admit(request: RequestFacts, need: 'viewer' | 'operator'): Actor;
  /** The request bears the operator's token. */
  isOperator(request: RequestFacts): boolean;
  /** Whether reasons may be told that speak of our insides: to the operator, and to this machine while no token is set. */
  mayKnow(request: RequestFacts): boolean;
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
/** A proxy that adds one of these serves people who are not at this machine. */
const PROXY_HEADERS = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];

export function createAccess({ host, token, viewerToken }: AccessOptions): Access {
  const operatorDigest = digest(token);
  const viewerDigest = digest(viewerToken);
  const hasTokens = operatorDigest !== undefined || viewerDigest !== undefined;
  const isBoundToLoopback = isLoopback(host);

  function actorOf({ headers }: RequestFacts): Actor {
    const given = tokenOf(one(headers['authorization']));
    if (given === undefined) throw unauthorized('This needs a token, as Bearer or as the password of HTTP Basic.');
    if (isSame(operatorDigest, given)) return 'operator';
    if (isSame(viewerDigest, given)) return 'viewer';
    throw unauthorized('This token is not known here.');
  }

  function isAtThisMachine({ headers }: Pick<RequestFacts, 'headers'>): boolean {
    const isProxied = PROXY_HEADERS.some((name) => headers[name] !== undefined);
    return isBoundToLoopback && !isProxied && isLoopbackHost(one(headers['host']));
  }

  function localActor({ headers }: RequestFacts): Actor {
    if (!isBoundToLoopback) {
      throw forbidden(
        'no-token',
        'No token is set, and this server listens beyond this machine. Set BIGBROTR_API_TOKEN (api.token).',
      );
    }
    if (!isAtThisMachine({ headers })) {
      throw forbidden(
        'not-local',
        'Without a token this is for this machine alone, asked for as localhost or 127.0.0.1. Set BIGBROTR_API_TOKEN (api.token).',
      );
    }
    return 'local';
  }

  const isOperator = ({ headers }: RequestFacts): boolean => {
    const given = tokenOf(one(headers['authorization']));
    return given !== undefined && isSame(operatorDigest, given);
  };

  return {
    admit(request, need) {
      const actor = hasTokens ? actorOf(request) : localActor(request);
      if (need === 'operator' && actor === 'viewer')
        throw forbidden('viewer', 'The viewer token looks, and changes nothing.');
      // Also with a token: a browser sends the password of HTTP Basic along with whatever a foreign page asks for.
      if (!SAFE_METHODS.has(request.method) && isForeign(request)) {
        throw forbidden('foreign-origin', 'This comes from the page of another site.');
      }
      return actor;
    },
    isOperator,
    mayKnow: (request) => (hasTokens ? isOperator(request) : isAtThisMachine(request)),
  };
}

/** A browser says which site a page is from; a program does not. */
function isForeign({ headers }: RequestFacts): boolean {
  const site = one(headers['sec-fetch-site']);
  if (site === 'cross-site' || site === 'same-site') return true;
  const origin = one(headers['origin']);
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== one(headers['host'])?.toLowerCase();
}

function digest(text: string | undefined): Buffer | undefined {
  return text === undefined ? undefined : createHash('sha256').update(text).digest();
}

/** Takes the same time whatever is given: digests have one length. */
function isSame(expected: Buffer | undefined, given: string): boolean {
  const actual = createHash('sha256').update(given).digest();
  return timingSafeEqual(expected ?? Buffer.alloc(actual.length), actual) && expected !== undefined;
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function unauthorized(detail: string): HttpProblem {
  return new HttpProblem(401, 'unauthorized', detail, {
    headers: { 'www-authenticate': 'Basic realm="BigBrotr", charset="UTF-8", Bearer realm="BigBrotr"' },
  });
}

function forbidden(code: string, detail: string): HttpProblem {
  return new HttpProblem(403, code, detail);
}
