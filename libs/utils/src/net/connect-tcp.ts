import { once } from 'node:events';
import { Socket } from 'node:net';
import { stamp } from './stamp.js';

/** How long a silent connection stands before the kernel asks the peer whether it is still there. */
const KEEP_ALIVE_AFTER_MS = 30_000;

/**
 * Connects to exactly this address (no name is looked up). The socket keeps an error listener for its whole life: it
 * may fail at a moment when nobody else listens, and such an event would end the process.
 */
export async function connectTcp(address: string, port: number, signal: AbortSignal): Promise<Socket> {
  const socket = stamp(new Socket());
  socket.on('error', ignore);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_AFTER_MS);
  try {
    const connected = once(socket, 'connect', { signal });
    socket.connect({ host: address, port });
    await connected;
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function ignore(): void {
  // Whoever uses the socket at that moment has a listener of their own.
}
