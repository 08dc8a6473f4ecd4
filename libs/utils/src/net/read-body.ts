import type { IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { WireFailure } from './wire-failure.js';

/** The body was longer than allowed, as sent or as unpacked. */
export class BodyTooLarge extends Error {}

/**
 * Reads a body, unpacking it when the peer packed it although nobody asked. Both sides of the unpacking are counted
 * while they flow, so neither a bomb nor an endless stream of nothing is ever held.
 */
export async function readBody(response: IncomingMessage, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  const unpacker = unpackerOf(response.headers['content-encoding']);
  const cap = capped(maxBytes);
  const chunks: Buffer[] = [];
  const collect = async (source: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of source) chunks.push(chunk);
  };
  if (unpacker) await pipeline(response, cap, unpacker, cap, collect, { signal });
  else await pipeline(response, cap, collect, { signal });
  return Buffer.concat(chunks);
}

function capped(maxBytes: number): (source: AsyncIterable<Buffer>) => AsyncGenerator<Buffer> {
  return async function* (source) {
    let bytes = 0;
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new BodyTooLarge();
      yield chunk;
    }
  };
}

function unpackerOf(encoding = 'identity'): Transform | undefined {
  switch (encoding.trim().toLowerCase()) {
    case '':
    case 'identity':
      return undefined;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default: // several at once, too: nobody does that in good faith
      throw new WireFailure({ reason: 'protocol', code: 'content-encoding' });
  }
}
