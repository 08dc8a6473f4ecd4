import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import { decodeCursor, encodeCursor, pageOf } from './cursor.js';
import { HttpProblem } from './http-problem.js';

const position = z.tuple([z.string(), z.int()]);

describe('decodeCursor', () => {
  it('gives back what was encoded', () => {
    expect(decodeCursor(position, encodeCursor(['wss://ä.example', 7]))).toEqual(['wss://ä.example', 7]);
  });

  it.each(['', 'x', '!!!', Buffer.from('{}').toString('base64url'), encodeCursor([7, 'x']), encodeCursor(['x', 1, 2])])(
    'answers 400 to %p',
    (cursor) => {
      expect(() => decodeCursor(position, cursor)).toThrow(HttpProblem);
    },
  );
});

describe('pageOf', () => {
  const shape = { item: (n: number) => n * 10, position: (n: number) => [n] };

  it('points behind its last row when there was one too many', () => {
    expect(pageOf([1, 2, 3], 2, shape)).toEqual({ items: [10, 20], next: encodeCursor([2]) });
  });

  it.each([[[]], [[1]], [[1, 2]]])('ends with %p', (rows) => {
    expect(pageOf<number, number>(rows, 2, shape).next).toBeNull();
  });
});
