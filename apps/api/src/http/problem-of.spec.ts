import { describe, expect, it } from '@jest/globals';
import { DatabaseError, QueueError } from '@bigbrotr/core';

import { HttpProblem } from './http-problem.js';
import { problemOf } from './problem-of.js';

const coded = (code: string) => Object.assign(new Error('password is hunter2'), { code });
const framework = (code: string, statusCode: number) =>
  Object.assign(new Error('/srv/secret.ts'), { code, statusCode });

describe('problemOf', () => {
  it('leaves a problem as it is', () => {
    const problem = new HttpProblem(409, 'taken', 'Taken.');

    expect(problemOf(problem)).toBe(problem);
  });

  it.each<[string, unknown, number, string]>([
    ['a lost connection', coded('ECONNREFUSED'), 503, 'database-unavailable'],
    ['a server that shuts down', coded('57P01'), 503, 'database-unavailable'],
    ['too many connections', coded('53300'), 503, 'database-unavailable'],
    ['a full disk', coded('53100'), 503, 'database-unavailable'],
    ['a pool that waited', new Error('timeout exceeded when trying to connect'), 503, 'database-unavailable'],
    ['a silent server', new Error('Query read timeout'), 503, 'database-unavailable'],
    ['a database that was dropped', coded('3D000'), 503, 'database-unavailable'],
    ['a deadlock', coded('40P01'), 503, 'database-unavailable'],
    [
      'our own verdict on a database',
      new DatabaseError('unreachable', 'host=db.internal'),
      503,
      'database-unavailable',
    ],
    ['a statement that took too long', coded('57014'), 503, 'query-timeout'],
    ['a handler that took too long', framework('FST_ERR_HANDLER_TIMEOUT', 503), 503, 'query-timeout'],
    ['a value that text cannot hold', coded('22021'), 400, 'value'],
    ['a wrong statement of ours', coded('42601'), 500, 'internal'],
    ['a bug', new TypeError('x is not a function'), 500, 'internal'],
    ['no error at all', 'oops', 500, 'internal'],
    ['a queue that is away', new QueueError('queue-unreachable', 'redis.internal'), 503, 'queue-unavailable'],
    ['a queue that nobody has', new QueueError('queue-unknown', 'x'), 404, 'queue-unknown'],
    ['a job that is gone', new QueueError('job-unknown', 'x'), 404, 'job-unknown'],
    ['a body of another type', framework('FST_ERR_CTP_INVALID_MEDIA_TYPE', 415), 415, 'invalid-media-type'],
    ['a large body', framework('FST_ERR_CTP_BODY_TOO_LARGE', 413), 413, 'body-too-large'],
    ['JSON that is none', Object.assign(new SyntaxError('Unexpected token'), { statusCode: 400 }), 400, 'request'],
    ['a fault of the framework', framework('FST_ERR_REP_INVALID_PAYLOAD_TYPE', 500), 500, 'internal'],
  ])('answers %s', (_what, error, status, code) => {
    expect(problemOf(error)).toMatchObject({ status, code });
  });

  it('says how a payload is wrong, since those are our words', () => {
    expect(problemOf(new QueueError('payload-invalid', 'payload: task: wrong')).message).toBe('payload: task: wrong');
  });

  it.each([coded('ECONNREFUSED'), coded('42601'), new TypeError('hunter2 at /srv/x.ts'), framework('X', 400)])(
    'repeats nothing of what was thrown: %p',
    (error) => {
      expect(JSON.stringify(problemOf(error).document())).not.toMatch(/hunter2|\/srv|42601|ECONNREFUSED/);
    },
  );

  it('tells when to come back', () => {
    expect(problemOf(coded('ECONNREFUSED')).headers).toEqual({ 'retry-after': '5' });
  });
});
