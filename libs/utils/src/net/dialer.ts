import type { Dial, DialResult, FrameSocket, HttpGet, HttpResult, ResolveFacts } from '@bigbrotr/models';
import { Deadline } from '../async/deadline.js';
import { ConnectionGate } from './connection-gate.js';
import { DEFAULT_LIMITS, DEFAULT_USER_AGENT, type DialerModules, type DialerOptions } from './dialer-options.js';
import { getDocument } from './http-get.js';
import { createLookup } from './lookup.js';
import { openTransport, type Transport, type TransportRequest } from './open-transport.js';
import { resolveFactsOf } from './resolve-facts.js';
import { targetOfRelay, type Target } from './target.js';
import { upgrade } from './upgrade.js';
import { WireFailure, wireFailure } from './wire-failure.js';

/** The product's only exit to other people's machines. */
export interface Dialer {
  readonly dial: Dial;
  readonly httpGet: HttpGet;
  readonly resolveFacts: ResolveFacts;
  /** Ends what is being opened (as `aborted`), closes every open socket, and refuses new work. Never hangs. */
  readonly close: () => Promise<void>;
}

export function createDialer(options: DialerOptions, modules: DialerModules = {}): Dialer {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const http = { limits, userAgent: options.userAgent ?? DEFAULT_USER_AGENT };
  const wires = {
    lookup: modules.lookup ?? createLookup(options.dnsServers),
    gate: new ConnectionGate(limits, modules.now),
    secureContext: modules.secureContext,
  };
  const running = new Set<Deadline>();
  const open = new Set<FrameSocket>();
  let isClosed = false;

  function connect(target: Target, request: TransportRequest): Promise<Transport> {
    return openTransport(target, request, options.networks[target.network], wires);
  }

  /** Runs one piece of work under its deadline, and makes its findings a result. */
  async function run<T>(deadline: Deadline, work: () => Promise<T>, failed: (failure: WireFailure) => T): Promise<T> {
    if (isClosed) deadline.cancel();
    running.add(deadline);
    try {
      return await work();
    } catch (error) {
      return failed(error instanceof WireFailure ? error : wireFailure(error, deadline, 'connect'));
    } finally {
      running.delete(deadline);
      deadline[Symbol.dispose]();
    }
  }

  const dial: Dial = (url, { signal, timeoutMs, allowInsecure = false }) => {
    const target = targetOfRelay(url);
    const deadline = new Deadline(timeoutMs ?? options.networks[target.network].timeoutMs, signal);
    return run<DialResult>(
      deadline,
      async () => {
        const transport = await connect(target, { use: 'websocket', allowInsecure, deadline });
        const socket = await upgrade(url, target.port, transport, deadline, http);
        open.add(socket);
        transport.socket.once('close', () => open.delete(socket));
        return { ok: true, socket };
      },
      ({ failure, tls }) => (tls ? { ok: false, failure, tls } : { ok: false, failure }),
    );
  };

  const httpGet: HttpGet = (url, request) => {
    const deadline = new Deadline(request.timeoutMs, request.signal);
    return run<HttpResult>(
      deadline,
      () => getDocument(url, request, deadline, connect, http),
      ({ failure }) => ({ ok: false, failure }),
    );
  };

  const resolveFacts: ResolveFacts = (host, { signal, timeoutMs }) => {
    const deadline = new Deadline(timeoutMs, signal);
    return run(
      deadline,
      () => resolveFactsOf(host, options.dnsServers, deadline.signal),
      () => undefined,
    );
  };

  return {
    dial,
    httpGet,
    resolveFacts,
    close: async () => {
      isClosed = true;
      for (const deadline of running) deadline.cancel();
      await Promise.all([...open].map((socket) => socket.close()));
    },
  };
}
