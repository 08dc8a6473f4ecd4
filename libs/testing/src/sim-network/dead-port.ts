import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';

export interface DeadPort {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * A port of 127.0.0.1 that refuses connections and stays that way: it is our end of a connection, so the system gives
 * it to nobody else.
 */
export async function holdDeadPort(): Promise<DeadPort> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  // A local address makes the system choose the port by bind, which keeps it from other programs' outgoing connections.
  const holder = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.1' });
  const [[peer]] = (await Promise.all([once(server, 'connection'), once(holder, 'connect')])) as [
    [typeof holder],
    unknown,
  ];
  for (const socket of [holder, peer]) socket.on('error', () => socket.destroy());

  return {
    url: `ws://127.0.0.1:${holder.localPort ?? 0}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      holder.destroy();
      peer.destroy();
      await closed;
    },
  };
}
