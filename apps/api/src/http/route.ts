import type { FastifyReply } from 'fastify';
import { z } from 'zod';

import type { Actor } from '../access/access.js';
import { HttpProblem } from './http-problem.js';

export type Method = 'GET' | 'POST' | 'DELETE';

/** Who may ask: anybody, or whoever has the operator's token (without one: whoever sits at this machine). */
export type Need = 'public' | 'operator';

export interface AnswerDescription {
  readonly description: string;
  /** Of a JSON answer. */
  readonly schema?: z.ZodType;
  readonly types?: readonly string[];
}

/** One endpoint: the only line that names its path, its values and its answers. The OpenAPI document is made of these. */
export interface Route {
  readonly method: Method;
  /** Parameters as `:name`. */
  readonly path: string;
  readonly summary: string;
  readonly details?: string;
  readonly need: Need;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** Beside the problems that any endpoint may answer with. */
  readonly answers: Readonly<Record<number, AnswerDescription>>;
  /** Seconds for which a copy is good; absent: nobody keeps one. */
  readonly maxAge?: number;
  /** A stream that lasts, and takes the connection over. */
  readonly streams?: boolean;
  /** What the audit log calls it. Every mutation has one. */
  readonly action?: string;
  /** Reads what a request brought; throws a problem that names each fault. */
  read(raw: RawInput): Input;
  /** Gets what `read` gave. */
  answer(input: Input, exchange: Exchange): Promise<unknown>;
}

export interface RawInput {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/** Parsed; of whichever types the route declared. */
export interface Input<P = unknown, Q = unknown, B = unknown> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
}

export interface Exchange {
  readonly reply: FastifyReply;
  /** Absent on public routes. */
  readonly actor?: Actor;
  /** Reasons that speak of our insides may be told. */
  readonly mayKnow: boolean;
  /** The address that asks. */
  readonly client: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** As asked for, with its query. */
  readonly url: string;
}

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;

type RouteDefinition<P, Q, B> = Omit<Route, 'params' | 'query' | 'body' | 'read' | 'answer'> & {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  answer(input: Input<Parsed<P>, Parsed<Q>, Parsed<B>>, exchange: Exchange): Promise<unknown>;
};

export function defineRoute<
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(definition: RouteDefinition<P, Q, B>): Route {
  const { params, query, body } = definition;
  return {
    ...(definition as Omit<Route, 'read' | 'answer'>),
    read(raw) {
      const faults: Fault[] = [];
      const input = {
        params: take('path', params, raw.params, faults),
        query: take('query', query ?? NOTHING, raw.query, faults),
        body: take('body', body, raw.body, faults),
      };
      if (faults.length > 0) throw invalid(faults);
      return input;
    },
    // `read` made the input by the same schemas.
    answer: (input, exchange) => definition.answer(input as Input<Parsed<P>, Parsed<Q>, Parsed<B>>, exchange),
  };
}

interface Fault {
  readonly in: 'path' | 'query' | 'body';
  readonly field: string;
  readonly message: string;
}

const NOTHING = z.strictObject({});
const MAX_FAULTS = 20;

function take(where: Fault['in'], schema: z.ZodType | undefined, value: unknown, faults: Fault[]): unknown {
  if (schema === undefined) return undefined;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const { path, message } of parsed.error.issues) faults.push({ in: where, field: path.join('.'), message });
  return undefined;
}

function invalid(faults: readonly Fault[]): HttpProblem {
  const [first] = faults;
  const place = first && (first.field === '' ? first.in : `${first.in}: ${first.field}`);
  return new HttpProblem(400, 'invalid-request', `${place ?? 'request'}: ${first?.message ?? 'wrong shape'}`, {
    extra: { errors: faults.slice(0, MAX_FAULTS) },
  });
}
