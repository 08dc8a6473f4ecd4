import type { ClientRequest, IncomingMessage } from 'node:http';
import { WebSocket, type ClientOptions } from 'ws';
import type { DialFailure, FrameSocket, Opening, RelayUrl } from '@bigbrotr/models';
import type { Deadline } from '../async/deadline.js';
import { WsFrameSocket } from './frame-socket.js';
import { flattenHeaders, redirectOf } from './http-head.js';
import type { HttpOptions } from './http-request.js';
import type { Transport } from './open-transport.js';
import { wireFailure, WireFailure } from './wire-failure.js';

/** Asks for a WebSocket on a fresh connection. On failure the connection is gone. */
export async function upgrade(
  url: RelayUrl,
  port: number,
  transport: Transport,
  deadline: Deadline,
  options: HttpOptions,
): Promise<FrameSocket> {
  const ws = new WebSocket(url, clientOptions(transport, options));
  ws.on('error', ignore);
  const abort = (): void => ws.terminate();
  deadline.signal.addEventListener('abort', abort, { once: true });
  if (deadline.signal.aborted) abort();
  try {
    return await new Promise((resolve, reject) => {
      let headers: Readonly<Record<string, string>> = {};
      ws.once('upgrade', (response) => (headers = flattenHeaders(response.headers)));
      ws.once('unexpected-response', (_: ClientRequest, response) => reject(new WireFailure(refusalOf(response))));
      ws.once('error', reject);
      ws.once('open', () => {
        const { address, tls, startedAtMs, socket } = transport;
        const opening: Opening = {
          openMs: deadline.elapsedMs - startedAtMs,
          port,
          headers,
          ...(address === undefined ? {} : { address }),
          ...(tls === undefined ? {} : { tls }),
        };
        resolve(new WsFrameSocket(url, opening, ws, socket, options.limits));
      });
    });
  } catch (error) {
    ws.terminate();
    transport.socket.destroy();
    // What `ws` says without a code is about a wrong answer: no Upgrade header, wrong Sec-WebSocket-Accept …
    throw wireFailure(error, deadline, 'upgrade', 'protocol');
  } finally {
    deadline.signal.removeEventListener('abort', abort);
  }
}

/** What ws understands, or hands on to Node, beyond its published types. */
interface UpgradeOptions extends ClientOptions {
  readonly maxHeaderSize: number;
  readonly closeTimeout: number;
}

function clientOptions(transport: Transport, { limits, userAgent }: HttpOptions): UpgradeOptions {
  return {
    createConnection: () => transport.socket,
    headers: { 'user-agent': userAgent },
    maxPayload: limits.maxPayloadBytes,
    maxHeaderSize: limits.maxHeaderBytes,
    closeTimeout: limits.closeMs,
    followRedirects: false,
    // Inflating costs more than all the rest of receiving a frame.
    perMessageDeflate: false,
    // A frame that is no UTF-8 spoils itself, not the connection: its event's id will not match.
    skipUTF8Validation: true,
  };
}

function refusalOf(response: IncomingMessage): DialFailure {
  return redirectOf(response) ?? { reason: 'http', status: response.statusCode ?? 0 };
}

function ignore(): void {
  // Listeners of the moment act on it; this one stays for the socket's whole life, or a late error would end the process.
}
