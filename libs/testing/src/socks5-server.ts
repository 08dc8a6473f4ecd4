import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface SocksRequest {
  /** As the client sent it; a name stays a name. */
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  readonly password?: string;
}

/** What the proxy does with a request: connects to a place on loopback, refuses with a SOCKS reply code, or keeps silent. */
export type SocksAnswer = { readonly port: number } | { readonly reply: number } | 'silence';

export interface Socks5Server {
  /** `socks5h://127.0.0.1:port` */
  readonly url: string;
  readonly requests: readonly SocksRequest[];
  /** TCP connections of clients that are open now. */
  readonly connections: number;
  readonly close: () => Promise<void>;
}

/** A SOCKS 5 proxy on loopback (RFC 1928 CONNECT, RFC 1929 passwords of any kind), for overlays that do not exist. */
export async function startSocks5Server(route: (request: SocksRequest) => SocksAnswer): Promise<Socks5Server> {
  const requests: SocksRequest[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    sockets.add(client);
    client.on('close', () => sockets.delete(client));
    client.on('error', () => client.destroy());
    void serve(client, (request) => {
      requests.push(request);
      return route(request);
    }).catch(() => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `socks5h://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get connections() {
      return sockets.size;
    },
    close: () => closeAll(server, sockets),
  };
}

async function serve(client: Socket, route: (request: SocksRequest) => SocksAnswer): Promise<void> {
  const read = reader(client);
  const [, methodCount = 0] = await read(2);
  const withPassword = (await read(methodCount)).includes(2);
  client.write(Buffer.from([5, withPassword ? 2 : 0]));
  let credentials = {};
  if (withPassword) {
    const user = (await read((await read(2))[1] ?? 0)).toString();
    const password = (await read((await read(1))[0] ?? 0)).toString();
    credentials = { user, password };
    client.write(Buffer.from([1, 0]));
  }
  const [, , , type] = await read(4);
  const host = await readHost(read, type);
  const answer = route({ host, port: (await read(2)).readUInt16BE(), ...credentials });
  if (answer === 'silence') return;
  if ('reply' in answer) client.end(reply(answer.reply));
  else tunnel(client, answer.port);
}

async function readHost(read: (bytes: number) => Promise<Buffer>, type: number | undefined): Promise<string> {
  if (type === 1) return (await read(4)).join('.');
  if (type === 3) return (await read((await read(1))[0] ?? 0)).toString();
  return (await read(16)).toString('hex').replace(/(.{4})(?!$)/g, '$1:');
}

function tunnel(client: Socket, port: number): void {
  const target = connect({ host: '127.0.0.1', port });
  target.once('connect', () => {
    client.write(reply(0));
    client.pipe(target).pipe(client);
  });
  target.on('error', () => client.end(reply(5)));
  target.on('close', () => client.destroy());
  client.on('close', () => target.destroy());
}

function reply(code: number): Buffer {
  return Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
}

/** Reads exactly so many bytes; what comes after them stays in the socket. */
function reader(socket: Socket): (bytes: number) => Promise<Buffer> {
  return async (bytes) => {
    for (;;) {
      const data = bytes === 0 ? Buffer.alloc(0) : (socket.read(bytes) as Buffer | null);
      if (data) return data;
      await new Promise<void>((resolve, reject) => {
        socket.once('readable', resolve);
        socket.once('close', () => reject(new Error('the client left')));
      });
    }
  };
}

function closeAll(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}
