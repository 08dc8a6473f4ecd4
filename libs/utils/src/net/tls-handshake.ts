import { once } from 'node:events';
import { isIP, type Socket } from 'node:net';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import type { TlsFacts } from '@bigbrotr/models';

/**
 * Shakes hands over a connected socket and reports the verdict on the certificate instead of acting on it: one
 * handshake gives both the facts and the connection. The caller must not send anything before it has judged the facts.
 */
export async function handshakeTls(
  raw: Socket,
  host: string,
  secureContext: SecureContext | undefined,
  signal: AbortSignal,
): Promise<{ readonly socket: TLSSocket; readonly facts: TlsFacts }> {
  const socket = connect({
    socket: raw,
    host, // whom the certificate must name
    ...(isIP(host) === 0 ? { servername: host } : {}), // an address cannot stand in SNI
    ...(secureContext ? { secureContext } : {}),
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: false,
  });
  socket.on('error', ignore);
  try {
    await once(socket, 'secureConnect', { signal });
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return { socket, facts: readFacts(socket) };
}

function readFacts(socket: TLSSocket): TlsFacts {
  // Declared as an Error, but Node stores the verdict's code.
  const reason: unknown = socket.authorizationError;
  return {
    authorized: socket.authorized,
    ...(socket.authorized ? {} : { reason: String(reason) }),
    protocol: socket.getProtocol(),
    cipher: socket.getCipher().standardName,
    certificate: socket.getPeerX509Certificate()?.raw ?? Buffer.alloc(0),
  };
}

function ignore(): void {
  // The error reaches whoever waits for an event of the socket; this listener only keeps it from ending the process.
}
