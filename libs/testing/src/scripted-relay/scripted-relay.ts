import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

import type { NostrEvent } from '@bigbrotr/models';
import { WebSocketServer, type WebSocket } from 'ws';

import { createRandom } from '../random.js';
import { EventIndex } from './event-index.js';
import { answerHttp, refuseUpgrade } from './http-face.js';
import { isSpoiled } from './page.js';
import type { LoggedRequest, NegentropyResponder, RelayState } from './relay-state.js';
import { Session } from './session.js';
import type { Temper } from './temper.js';

export interface ScriptedRelayOptions {
  readonly events?: readonly NostrEvent[];
  readonly temper?: Temper;
  /** Default: a free one. */
  readonly port?: number;
  /** For everything that the temper leaves to chance; default 1. */
  readonly seed?: number;
  /** For `negentropy: 'full' | 'truncated'`. */
  readonly negentropy?: NegentropyResponder;
}

/** A Nostr relay on the loopback that behaves as its temper says, the same way every time. */
export interface ScriptedRelay extends AsyncDisposable {
  /** `ws://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  /** What clients sent, oldest first; the last 100,000 messages. */
  readonly requests: readonly LoggedRequest[];
  /** REQs that wait for their EOSE or CLOSED now. */
  readonly openRequests: number;
  /** Sockets open now, at most at one time, and ever. */
  readonly openSockets: number;
  readonly maxOpenSockets: number;
  readonly connections: number;
  /** Bytes of text frames, without their headers. */
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** What a client can get at and verify: the held events without the spoiled ones, newest first. */
  truth(): NostrEvent[];
  /** Stores events and sends them to the open subscriptions that they match. */
  addEvents(events: readonly NostrEvent[]): void;
  /** Replaces the temper; open connections feel it from their next message on. */
  setTemper(temper: Temper): void;
  /** Forgets the logged requests. */
  clearRequests(): void;
  /** Cuts every connection without a close frame. */
  dropConnections(): void;
  /** Also throws what went wrong inside the relay itself. */
  close(): Promise<void>;
}

const MAX_LOGGED = 100_000;
const MAX_MESSAGE_BYTES = 2 ** 20;

export async function startScriptedRelay(options: ScriptedRelayOptions = {}): Promise<ScriptedRelay> {
  const { events = [], temper = {}, port = 0, seed = 1, negentropy } = options;
  const sockets = new Set<WebSocket>();
  const sessions = new Set<Session>();
  const requests: LoggedRequest[] = [];
  const faults: unknown[] = [];
  let connections = 0;
  let maxOpenSockets = 0;
  let live: NodeJS.Timeout | undefined;

  const state: RelayState = {
    temper,
    index: new EventIndex(),
    random: createRandom(seed),
    negentropy,
    counts: { reqs: 0, pages: 0, bytesReceived: 0, bytesSent: 0 },
    rate: { served: 0, refusedUntil: 0 },
    log(request) {
      if (requests.push(request) > MAX_LOGGED) requests.shift();
    },
    publish(published) {
      for (const event of state.index.add(published)) for (const session of sessions) session.offer(event);
    },
    startLive() {
      const { liveAfterEose } = state.temper;
      if (liveAfterEose === undefined || live !== undefined) return;
      const coming = liveAfterEose.events.values();
      live = setInterval(() => {
        const { value, done } = coming.next();
        if (done === true) clearInterval(live);
        else state.publish([value]);
      }, liveAfterEose.everyMs);
    },
    fault: (error) => void faults.push(error),
  };
  state.index.add(events);

  const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES });
  const server = createServer((request, response) => answerHttp(request, response, state.temper));
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    if (state.temper.upgradeStatus !== undefined) refuseUpgrade(socket, state.temper);
    else webSockets.handleUpgrade(request, socket, head, welcome);
  });

  function welcome(socket: WebSocket): void {
    connections += 1;
    sockets.add(socket);
    maxOpenSockets = Math.max(maxOpenSockets, sockets.size);
    socket.on('error', () => socket.terminate());
    socket.on('close', () => sockets.delete(socket));
    if (state.temper.silent === true) return;
    if (state.temper.notNostr === true) {
      socket.on('message', (data, binary) => socket.send(data, { binary }));
      return;
    }
    const session = new Session({ number: connections, url, challenge: state.random.hex(16) }, state, socket);
    sessions.add(session);
    socket.on('close', () => sessions.delete(session));
  }

  function dropConnections(): void {
    for (const socket of sockets) socket.terminate();
  }

  async function close(): Promise<void> {
    clearInterval(live);
    dropConnections();
    if (server.listening) {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    }
    if (faults.length > 0) throw new AggregateError(faults.splice(0), 'the scripted relay broke');
  }

  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: openPort } = server.address() as AddressInfo;
  const url = `ws://127.0.0.1:${openPort}`;

  return {
    url,
    port: openPort,
    requests,
    get openRequests() {
      return [...sessions].reduce((sum, { waitingRequests }) => sum + waitingRequests, 0);
    },
    get openSockets() {
      return sockets.size;
    },
    get maxOpenSockets() {
      return maxOpenSockets;
    },
    get connections() {
      return connections;
    },
    get bytesReceived() {
      return state.counts.bytesReceived;
    },
    get bytesSent() {
      return state.counts.bytesSent;
    },
    truth: () => state.index.all().filter((event) => !isSpoiled(event, state.temper)),
    addEvents: (added) => state.publish(added),
    setTemper: (next) => void (state.temper = next),
    clearRequests: () => void requests.splice(0),
    dropConnections,
    close,
    [Symbol.asyncDispose]: close,
  };
}
