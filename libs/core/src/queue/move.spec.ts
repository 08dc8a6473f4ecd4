import { describe, expect, it } from '@jest/globals';
import { AppError, type Recovery } from '@bigbrotr/models';

import { moveForError, moveForOutcome, type Move } from './move.js';
import type { AbortReason, Outcome } from './outcome.js';
import { QueueError } from './queue-error.js';

class Fault extends AppError {
  readonly code = 'spec';
  readonly recovery: Recovery;

  constructor(recovery: Recovery) {
    super('a fault');
    this.recovery = recovery;
  }
}

const hung = new QueueError('job-abandoned', 'hung');
const bug = new TypeError('oops');

describe('move', () => {
  it.each<[string, Outcome, AbortReason | undefined, Partial<Move>]>([
    ['done', { kind: 'done', result: 'online' }, undefined, { kind: 'complete', again: false, word: 'online' }],
    [
      'done, with more to do',
      { kind: 'done', result: 'slice', again: true },
      undefined,
      { kind: 'complete', again: true, word: 'slice' },
    ],
    [
      'a checkpoint',
      { kind: 'done', result: 'slice', again: true },
      'shutdown',
      { kind: 'complete', again: true, word: 'slice' },
    ],
    [
      'done when cancelled',
      { kind: 'done', result: 'slice', again: true },
      'cancelled',
      { kind: 'complete', again: false, word: 'slice' },
    ],
    [
      'later',
      { kind: 'later', delayMs: 1_000, reason: 'busy' },
      undefined,
      { kind: 'delay', ms: 1_100, word: 'later' },
    ],
    ['later, soon', { kind: 'later', delayMs: 0, reason: 'busy' }, undefined, { kind: 'delay', ms: 25, word: 'later' }],
    [
      'later, far off',
      { kind: 'later', delayMs: 3_600_000, reason: 'busy' },
      undefined,
      { kind: 'delay', ms: 3_601_000, word: 'later' },
    ],
    [
      'later when cancelled',
      { kind: 'later', delayMs: 1_000, reason: 'busy' },
      'cancelled',
      { kind: 'complete', again: false, word: 'cancelled' },
    ],
    ['fatal', { kind: 'fatal', reason: 'deleted' }, undefined, { kind: 'fail', final: true, word: 'fatal' }],
    [
      'fatal when cancelled',
      { kind: 'fatal', reason: 'deleted' },
      'cancelled',
      { kind: 'fail', final: true, word: 'fatal' },
    ],
    [
      'pause',
      { kind: 'pause-queue', ms: 500, reason: 'down' },
      undefined,
      { kind: 'pause-queue', ms: 500, word: 'pause-queue' },
    ],
    [
      'pause when cancelled',
      { kind: 'pause-queue', ms: 500, reason: 'down' },
      'cancelled',
      { kind: 'complete', word: 'cancelled' },
    ],
  ])('for the outcome %s', (_what, outcome, aborted, move) => {
    expect(moveForOutcome(outcome, aborted, 0.5)).toMatchObject(move);
  });

  it('keeps a delay a whole number of milliseconds, as the backends need it', () => {
    const { ms } = moveForOutcome({ kind: 'later', delayMs: 33.3, reason: 'busy' }, undefined, 0.123_456) as {
      ms: number;
    };
    expect(Number.isInteger(ms)).toBe(true);
  });

  it.each<[string, unknown, AbortReason | undefined, Partial<Move>, string | undefined]>([
    ['a bug', bug, undefined, { kind: 'fail', final: false, word: 'error', error: bug }, 'error'],
    ['a thrown word', 'oops', undefined, { kind: 'fail', final: false, word: 'error' }, 'error'],
    ['a fault to retry', new Fault('retry'), undefined, { kind: 'fail', final: false, word: 'retry' }, 'warn'],
    ['a fault for ever', new Fault('give-up'), undefined, { kind: 'fail', final: true, word: 'fatal' }, undefined],
    [
      'a fault of all',
      new Fault('pause-queue'),
      undefined,
      { kind: 'pause-queue', ms: 10_000, word: 'pause-queue' },
      'warn',
    ],
    ['a fault of ours', new Fault('shut-down'), undefined, { kind: 'delay', ms: 1_000, word: 'shutdown' }, 'error'],
    ['an error when cancelled', bug, 'cancelled', { kind: 'complete', again: false, word: 'cancelled' }, undefined],
    ['an error at shutdown', bug, 'shutdown', { kind: 'delay', ms: 0, word: 'shutdown' }, undefined],
    ['an error at the deadline', bug, 'deadline', { kind: 'fail', final: false, word: 'deadline' }, 'warn'],
    ['an error without the lock', bug, 'lock-lost', { kind: 'fail', final: false, word: 'lock-lost' }, 'warn'],
    ['a handler that hangs', hung, 'deadline', { kind: 'fail', final: false, word: 'deadline' }, 'error'],
    ['a handler that hangs when cancelled', hung, 'cancelled', { kind: 'complete', word: 'cancelled' }, 'error'],
    ['a handler that hangs at shutdown', hung, 'shutdown', { kind: 'delay', ms: 0, word: 'shutdown' }, 'error'],
  ])('for %s', (_what, thrown, aborted, expected, level) => {
    const move = moveForError(thrown, aborted);
    expect(move).toMatchObject(expected);
    expect(move.say).toBe(level);
  });
});
