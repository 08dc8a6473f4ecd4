import type { IncomingMessage, ServerResponse } from 'node:http';

import type { NostrEvent } from '@bigbrotr/models';
// CommonJS whose names Node.js cannot see: all of it is the default export.
import core from '@nostr-relay/core';
import validation from '@nostr-relay/validator';
import type { RawData, WebSocket } from 'ws';

import { authGuard } from './auth-guard.js';
import { startLoopbackServer } from './loopback-server.js';
import { MemoryEventRepository } from './memory-event-repository.js';

export interface RelayLibraryRelayOptions {
  readonly name: string;
  /** More than this is never served per filter, and nobody is told. Default 500. */
  readonly maxLimit?: number;
  /** Serves after NIP-42 only. Direct messages of kind 4 then go to author and recipient alone: the library's law. */
  readonly demandsAuth?: boolean;
}

/** A relay that is not ours: `@nostr-relay/core` on loopback, holding its events in memory. */
export interface RelayLibraryRelay extends AsyncDisposable {
  readonly url: string;
  /** Stores events as they are, without the checks that published ones undergo. */
  load(events: readonly NostrEvent[]): void;
  /** What it holds, newest first. */
  dump(): readonly NostrEvent[];
  /** Also throws what went wrong inside the relay. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const MAX_FAULTS = 20;

export async function startRelayLibraryRelay(options: RelayLibraryRelayOptions): Promise<RelayLibraryRelay> {
  const { name, maxLimit = 500, demandsAuth = false } = options;
  const faults: unknown[] = [];
  const onFault = (error: unknown): void => {
    if (faults.length < MAX_FAULTS) faults.push(error);
  };

  const repository = new MemoryEventRepository(maxLimit);
  const relay = new core.NostrRelay(repository, {
    ...(demandsAuth && { hostname: HOST }),
    logger: {
      setLogLevel: ignore,
      debug: ignore,
      info: ignore,
      warn: ignore,
      error: (message, ...rest) => onFault(rest[0] ?? message),
    },
    // Answers are made anew each time: a cache of them would hold hundreds of pages.
    filterResultCacheTtl: 0,
  });
  if (demandsAuth) relay.register(authGuard);
  const validator = new validation.Validator();

  async function receive(socket: WebSocket, data: RawData): Promise<void> {
    const message = await validator.validateIncomingMessage(data).catch((error: unknown) => {
      socket.send(JSON.stringify(['NOTICE', `invalid: ${error instanceof Error ? error.message : 'not a message'}`]));
      return undefined;
    });
    if (message !== undefined) await relay.handleMessage(socket, message);
  }

  const server = await startLoopbackServer({
    onSocket: (socket) => {
      relay.handleConnection(socket, HOST);
      socket.on('message', (data) => void receive(socket, data).catch(onFault));
      socket.on('close', () => relay.handleDisconnect(socket));
    },
    onRequest: (request, response) => answerHttp(request, response, { name, demandsAuth }),
  });

  async function close(): Promise<void> {
    await server.close();
    await relay.destroy();
    if (faults.length > 0) throw new AggregateError(faults.splice(0), `the relay ${name} broke`);
  }

  return {
    url: server.url,
    load: (events) => repository.load(events),
    dump: () => repository.all(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function answerHttp(
  { headers }: IncomingMessage,
  response: ServerResponse,
  { name, demandsAuth }: { readonly name: string; readonly demandsAuth: boolean },
): void {
  response.setHeader('access-control-allow-origin', '*');
  if (headers.accept?.includes('application/nostr+json') !== true) {
    response
      .setHeader('content-type', 'text/plain')
      .end(`${name}, a relay of a simulated network. Use a Nostr client.\n`);
    return;
  }
  const document = {
    name,
    description: 'A relay of a simulated network.',
    software: 'https://github.com/CodyTseng/nostr-relay',
    version: '0.0.40',
    supported_nips: demandsAuth ? [1, 11, 42] : [1, 11],
    limitation: { auth_required: demandsAuth, payment_required: false },
  };
  response.setHeader('content-type', 'application/nostr+json').end(JSON.stringify(document));
}

function ignore(): void {
  // The library likes to talk.
}
