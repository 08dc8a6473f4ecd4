import type { FastifyInstance } from 'fastify';

/** Takes no more requests, lets the answers that are under way end, and cuts what is left after `graceMs`. */
export function createCloser(app: FastifyInstance, graceMs: number): () => Promise<void> {
  let running = 0;
  let onIdle: () => void = () => undefined;
  app.server.on('request', (_request, response) => {
    running++;
    response.once('close', () => {
      running--;
      if (running === 0) onIdle();
    });
  });

  return async () => {
    const idle = new Promise<void>((resolve) => {
      onIdle = resolve;
      if (running === 0) resolve();
    });
    const closed = app.close();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    await Promise.race([idle, late]);
    clearTimeout(timer);
    // Node closes what has answered and waits; a connection that never asked anything would keep it open.
    app.server.closeAllConnections();
    await closed;
  };
}
