import { AppError } from '@bigbrotr/models';
import { describe, expect, it } from '@jest/globals';

import { serializeError } from './serialize-error.js';

class TestFault extends AppError<'test-fault'> {
  readonly code = 'test-fault';
  readonly recovery = 'retry';
}

describe('serializeError', () => {
  it('prints code, recovery, detail and the causes of a fault of ours, without a stack', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

    const printed = serializeError(new TestFault('no answer', { tries: 3 }, { cause }));

    expect(printed).toMatchObject({
      type: 'TestFault',
      code: 'test-fault',
      recovery: 'retry',
      message: 'no answer',
      detail: { tries: 3 },
    });
    expect(printed.stack).toBeUndefined();
    expect(printed.cause).toMatchObject({ type: 'Error', code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' });
  });

  it('prints the frames of a bug', () => {
    const printed = serializeError(new TypeError('x is not a function'));

    expect(printed.type).toBe('TypeError');
    expect(printed.stack).toContain('serialize-error.spec');
  });

  it('leaves out whatever a driver hangs on its error', () => {
    const error = Object.assign(new Error('Failed query: insert into events\nparams: SECRET CONTENT'), {
      detail: 'Failing row contains (SECRET CONTENT)',
      query: 'insert',
      params: ['SECRET CONTENT'],
      where: 'SECRET CONTENT',
    });

    expect(JSON.stringify(serializeError(error))).not.toContain('SECRET CONTENT');
  });

  it.each([
    '{"content":"SECRET"',
    'SECRET',
    '["SECRET", "a long piece of an event that is quoted in part only", SECRET]',
  ])('leaves out the document that JSON.parse quotes: %s', (text) => {
    let thrown: unknown;
    try {
      JSON.parse(text);
    } catch (error) {
      thrown = error;
    }

    expect(thrown).toBeInstanceOf(SyntaxError);
    expect(JSON.stringify(serializeError(thrown))).not.toContain('SECRET');
  });

  it('masks credentials in messages', () => {
    expect(serializeError(new Error('cannot reach redis://:s3cret@cache:6379')).message).toBe(
      'cannot reach redis://:***@cache:6379',
    );
  });

  it('bounds the message, the causes and the parts of an aggregate', () => {
    let chain = new Error('x'.repeat(10_000));
    for (let i = 0; i < 20; i++) chain = new Error('x'.repeat(10_000), { cause: chain });
    const many = new AggregateError([chain, chain, chain, chain, chain], 'all failed');

    expect(JSON.stringify(serializeError(chain)).length).toBeLessThan(30_000);
    expect(serializeError(many).errors).toHaveLength(3);
  });

  it.each([
    ['a word', 'a word'],
    [undefined, 'thrown value'],
    [{ content: 'SECRET' }, 'thrown value'],
  ])('takes %p, which is no error', (thrown, message) => {
    expect(serializeError(thrown).message).toBe(message);
  });
});
