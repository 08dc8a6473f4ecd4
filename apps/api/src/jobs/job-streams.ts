import { lookUpJob, readJobRequests, type JobRequest, type Logger, type Pool, type QueueBackend } from '@bigbrotr/core';
import type { FastifyReply } from 'fastify';

import { HttpProblem } from '../http/http-problem.js';
import { forAnybody, isOver, toJobView, type JobView } from './job-view.js';

export interface StreamLimits {
  readonly streams: number;
  readonly streamsPerClient: number;
  readonly pollMs: number;
  readonly heartbeatMs: number;
  /** Then the stream ends, and a client that still cares opens another. */
  readonly lifetimeMs: number;
}

export const STREAM_LIMITS: StreamLimits = {
  streams: 500,
  streamsPerClient: 100,
  pollMs: 500,
  heartbeatMs: 15_000,
  lifetimeMs: 3_600_000,
};

/** A client that does not read what it asked for is let go. */
const MAX_UNREAD_BYTES = 65_536;

export interface StreamModules {
  readonly pool: Pool;
  readonly backend: QueueBackend;
  readonly log: Logger;
}

export interface Watcher {
  /** Its address. */
  readonly client: string;
  readonly mayKnow: boolean;
}

/** Server-sent events of jobs: the state at once, then every change, until the job is over. */
export interface JobStreams {
  readonly open: number;
  /** Takes the connection over. Throws a problem when there are too many. */
  start(request: JobRequest, watcher: Watcher, reply: FastifyReply): void;
  close(): void;
}

interface Stream {
  readonly id: string;
  readonly client: string;
  readonly startedAt: number;
  send(view: JobView): void;
  beat(): void;
  end(): void;
}

export function createJobStreams(limits: StreamLimits, { pool, backend, log }: StreamModules): JobStreams {
  const streams = new Set<Stream>();
  let timer: NodeJS.Timeout | undefined;
  let beatAt = performance.now();

  function admit(client: string): void {
    const own = [...streams].filter((stream) => stream.client === client).length;
    if (own < limits.streamsPerClient && streams.size < limits.streams) return;
    const [status, code] =
      own < limits.streamsPerClient ? ([503, 'streams'] as const) : ([429, 'client-streams'] as const);
    throw new HttpProblem(status, code, 'Too many event streams are open. GET the job now and then instead.', {
      headers: { 'retry-after': '30' },
    });
  }

  /** One look for all streams together, however many there are. */
  async function look(): Promise<void> {
    const requests = await readJobRequests(pool, [...new Set([...streams].map(({ id }) => id))]);
    const views = new Map(
      await Promise.all(requests.map(async (request) => [request.id, await viewOf(request)] as const)),
    );
    for (const stream of streams) {
      const view = views.get(stream.id);
      if (view) stream.send(view);
    }
  }

  async function viewOf(request: JobRequest): Promise<JobView> {
    return toJobView(request, await readProgress(request, backend));
  }

  function tick(): void {
    const now = performance.now();
    const beats = now - beatAt >= limits.heartbeatMs;
    if (beats) beatAt = now;
    for (const stream of streams) {
      if (now - stream.startedAt > limits.lifetimeMs) stream.end();
      else if (beats) stream.beat();
    }
    look()
      .catch((error: unknown) => log.debug({ err: error }, 'event streams cannot look'))
      .finally(schedule);
  }

  function schedule(): void {
    timer = streams.size > 0 ? setTimeout(tick, limits.pollMs) : undefined;
  }

  return {
    get open() {
      return streams.size;
    },
    start(request, watcher, reply) {
      admit(watcher.client);
      const stream = openStream(request.id, watcher, reply, () => streams.delete(stream));
      streams.add(stream);
      stream.send(toJobView(request));
      if (timer === undefined && streams.size > 0) schedule();
    },
    close() {
      clearTimeout(timer);
      for (const stream of streams) stream.end();
    },
  };
}

function openStream(id: string, { client, mayKnow }: Watcher, reply: FastifyReply, onEnd: () => void): Stream {
  let sent = '';
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // nginx would keep the events until it has a buffer full of them.
    'x-accel-buffering': 'no',
  });
  raw.on('close', onEnd);
  raw.on('error', onEnd);
  const write = (text: string) => {
    raw.write(text);
    if (raw.writableLength > MAX_UNREAD_BYTES) raw.destroy();
  };
  const end = () => {
    onEnd();
    raw.end();
  };
  write('retry: 3000\n\n');
  return {
    id,
    client,
    startedAt: performance.now(),
    send(view) {
      // Not the request: it can be long, and never changes.
      const data = JSON.stringify({ ...(mayKnow ? view : forAnybody(view)), request: undefined });
      if (data === sent) return;
      sent = data;
      write(`event: status\ndata: ${data}\n\n`);
      if (isOver(view)) end();
    },
    beat: () => write(': still here\n\n'),
    end,
  };
}

/** Of a job that runs. The backend being away is no reason to say nothing of the job. */
export async function readProgress(
  { status, queue, jobKey: key }: JobRequest,
  backend: QueueBackend,
): Promise<number | undefined> {
  if (status !== 'running' || queue === null || key === null) return undefined;
  const job = await lookUpJob(backend, { queue, key }).catch(() => undefined);
  return job?.progress;
}
