import { createHash } from 'node:crypto';

/** Weak, because a proxy may compress the body. */
export function etagOf(body: string): string {
  return `W/"${createHash('sha1').update(body).digest('base64url')}"`;
}

/** The client has this version already. */
export function isFresh(ifNoneMatch: string | string[] | undefined, etag: string): boolean {
  const given = [ifNoneMatch ?? []].flat().join(',');
  return given.trim() === '*' || given.split(',').some((tag) => strip(tag) === strip(etag));
}

function strip(tag: string): string {
  return tag.trim().replace(/^W\//, '');
}
