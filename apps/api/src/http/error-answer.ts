import type { Logger } from '@bigbrotr/core';
import type { FastifyReply, FastifyRequest } from 'fastify';

import type { HttpProblem } from './http-problem.js';
import { problemOf } from './problem-of.js';

export const PROBLEM_TYPE = 'application/problem+json';

/** What is away stays away for every request: one line in this time says it. */
const QUIET_MS = 10_000;

export type ProblemSender = (reply: FastifyReply, error: unknown, request: FastifyRequest) => FastifyReply;

/** Answers with a problem document, and logs what is ours to mend. */
export function createProblemSender({ log }: { readonly log: Logger }, dress = plain): ProblemSender {
  const saidAt = new Map<string, number>();

  function note(problem: HttpProblem, request: FastifyRequest): void {
    const where = { method: request.method, route: request.routeOptions.url };
    if (problem.status === 500) log.error({ ...where, err: problem.cause }, 'request failed');
    if (problem.status !== 503) return;
    const now = Date.now();
    if (now - (saidAt.get(problem.code) ?? 0) < QUIET_MS) return;
    saidAt.set(problem.code, now);
    log.warn({ ...where, code: problem.code, err: problem.cause }, 'requests cannot be answered');
  }

  return (reply, error, request) => {
    const problem = problemOf(error);
    note(problem, request);
    // Hanging up on a body that is still coming would take the answer with it; what comes is thrown away, until its deadline.
    reply.removeHeader('connection');
    return reply
      .status(problem.status)
      .headers({ 'cache-control': 'no-store', ...problem.headers })
      .type(PROBLEM_TYPE)
      .send(JSON.stringify(dress(problem)));
  };
}

function plain(problem: HttpProblem): object {
  return problem.document();
}
