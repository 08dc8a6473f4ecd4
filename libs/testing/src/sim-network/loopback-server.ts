import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { WebSocketServer, type WebSocket } from 'ws';

export interface LoopbackServerOptions {
  readonly onSocket: (socket: WebSocket) => void;
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void;
}

export interface LoopbackServer {
  readonly url: string;
  close(): Promise<void>;
}

const MAX_MESSAGE_BYTES = 2 ** 20;

/** HTTP and WebSockets on one port of 127.0.0.1. */
export async function startLoopbackServer({ onSocket, onRequest }: LoopbackServerOptions): Promise<LoopbackServer> {
  const server = createServer(onRequest);
  const webSockets = new WebSocketServer({ server, perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES });
  webSockets.on('connection', (socket) => {
    socket.on('error', () => socket.terminate());
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    url: `ws://127.0.0.1:${port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of webSockets.clients) socket.terminate();
      server.closeAllConnections();
      await closed;
    },
  };
}
