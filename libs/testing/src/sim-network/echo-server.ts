import { startLoopbackServer, type LoopbackServer } from './loopback-server.js';

/** A WebSocket server that sends back every frame as it came. */
export function startEchoServer(): Promise<LoopbackServer> {
  return startLoopbackServer({
    onSocket: (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })),
    onRequest: (_request, response) => void response.setHeader('content-type', 'text/plain').end('An echo.\n'),
  });
}
