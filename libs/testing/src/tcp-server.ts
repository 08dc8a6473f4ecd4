import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

export interface TcpServer {
  readonly port: number;
  /** Connections that are open now, and all that ever were. */
  readonly connections: number;
  readonly accepted: number;
  readonly close: () => Promise<void>;
}

/** A server on loopback that does to each connection what the spec says: nothing, garbage, a reset … */
export async function startTcpServer(
  serve: (socket: Socket) => void,
  options: { readonly tls?: TlsOptions; readonly host?: string; readonly port?: number } = {},
): Promise<TcpServer> {
  const open = new Set<Socket>();
  let accepted = 0;
  const attend = (socket: Socket): void => {
    serve(socket);
    // Unread data would hide that the other side has left.
    if (!socket.isPaused()) socket.resume();
  };
  const server = options.tls ? createTlsServer(options.tls, attend) : createServer(attend);
  server.on('connection', (socket: Socket) => {
    accepted += 1;
    open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => open.delete(socket));
  });
  server.on('secureConnection', (socket: Socket) => socket.on('error', () => socket.destroy()));
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return open.size;
    },
    get accepted() {
      return accepted;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
