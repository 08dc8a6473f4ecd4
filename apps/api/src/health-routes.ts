import type { HealthAnswers } from '@bigbrotr/core';
import type { FastifyInstance } from 'fastify';

/** The same answers as every other role gives on its port. */
export function mountHealth(app: FastifyInstance, answers: HealthAnswers): void {
  for (const [path, answer] of Object.entries(answers)) {
    app.get(path, async (_request, reply) => {
      const { status, contentType, body } = await answer();
      return reply.status(status).header('cache-control', 'no-store').type(contentType).send(body);
    });
  }
}
