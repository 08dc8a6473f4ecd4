import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import type { Temper } from './temper.js';

const HUGE_BYTES = 8 * 2 ** 20;

/** NIP-11 for those who ask for it, a line of text for browsers. */
export function answerHttp(request: IncomingMessage, response: ServerResponse, { nip11 }: Temper): void {
  response.setHeader('access-control-allow-origin', '*');
  if (request.headers.accept?.includes('application/nostr+json') !== true) {
    response.setHeader('content-type', 'text/plain').end('A relay for tests. Use a Nostr client.\n');
    return;
  }
  if (nip11 === 'silent') return;
  if (nip11 === 'missing') response.writeHead(404).end();
  else if (nip11 === 'html') response.setHeader('content-type', 'text/html').end('<!doctype html><title>Hello</title>');
  else response.setHeader('content-type', 'application/nostr+json').end(nip11Body(nip11));
}

/** Answers an upgrade with a plain HTTP status. */
export function refuseUpgrade(socket: Duplex, { upgradeStatus = 403, upgradeHeaders = {} }: Temper): void {
  const headers = Object.entries({ connection: 'close', 'content-length': '0', ...upgradeHeaders });
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(`HTTP/1.1 ${upgradeStatus} ${STATUS_CODES[upgradeStatus] ?? 'Unknown'}\r\n${lines}\r\n`);
}

function nip11Body(nip11: Readonly<Record<string, unknown>> | 'broken' | 'huge' | undefined): string {
  if (nip11 === 'broken') return '{"name":"cut o';
  if (nip11 === 'huge') return JSON.stringify({ name: 'x'.repeat(HUGE_BYTES) });
  return JSON.stringify(nip11 ?? { name: 'scripted relay', software: 'scripted-relay', supported_nips: [1, 11] });
}
