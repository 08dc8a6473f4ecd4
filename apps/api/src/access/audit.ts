import { writeAudit, settleAudit, type Logger, type Pool } from '@bigbrotr/core';
import type { FastifyReply, FastifyRequest } from 'fastify';

import type { Actor } from './access.js';

export interface AuditNote {
  readonly actor: Actor;
  readonly action: string;
  /** What it was done to: ids and names, no bodies. */
  readonly target: string;
}

export interface Audit {
  /** Writes down who is about to do what. Rejects when it cannot: then it must not be done. */
  note(note: AuditNote, request: FastifyRequest, reply: FastifyReply): Promise<void>;
}

export function createAudit({ pool, log }: { readonly pool: Pool; readonly log: Logger }): Audit {
  return {
    async note({ actor, action, target }, request, reply) {
      const id = await writeAudit(pool, { actor, action, target, detail: { from: request.ip } });
      reply.raw.once('close', () => {
        settleAudit(pool, id, { status: reply.statusCode }).catch((error: unknown) =>
          log.warn({ err: error, action, target }, 'outcome of an audited action not written'),
        );
      });
    },
  };
}
