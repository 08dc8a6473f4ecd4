import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { DialFailure } from '@bigbrotr/models';

export function flattenHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const flat = Object.entries(headers).map(([name, value = '']) => [
    name,
    Array.isArray(value) ? value.join(', ') : value,
  ]);
  return Object.fromEntries(flat) as Record<string, string>;
}

/** The finding of an answer that sends us elsewhere; undefined for any other. */
export function redirectOf(response: IncomingMessage): (DialFailure & { readonly location: string }) | undefined {
  const { statusCode: status = 0, headers } = response;
  if (!REDIRECTS.has(status) || headers.location === undefined) return undefined;
  return { reason: 'redirect', status, location: headers.location };
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
