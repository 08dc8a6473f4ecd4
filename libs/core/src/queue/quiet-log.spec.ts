import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';

import { createQuietLog } from './quiet-log.js';

function build() {
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    { level: 'debug' },
    { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  let now = 0;
  const quiet = createQuietLog(log, () => now);
  return { lines, quiet, pass: (ms: number) => (now += ms) };
}

const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:6379'), { code: 'ECONNREFUSED' });

describe('quiet log', () => {
  it('says the same fault of the same place once in ten seconds, and then how often', () => {
    const { lines, quiet, pass } = build();
    for (let i = 0; i < 100; i += 1) quiet(refused, 'sync-clearnet');
    pass(10_000);
    quiet(refused, 'sync-clearnet');

    expect(lines.map(({ where, repeated, level, msg }) => [where, repeated, level, msg])).toEqual([
      ['sync-clearnet', 0, 40, 'queue backend fault'],
      ['sync-clearnet', 99, 40, 'queue backend fault'],
    ]);
  });

  it('tells places and faults apart', () => {
    const { lines, quiet } = build();
    quiet(refused, 'sync-clearnet');
    quiet(refused, 'sync-tor');
    quiet(new TypeError('oops'), 'sync-tor');
    quiet('a word', 'sync-tor');
    expect(lines).toHaveLength(4);
  });
});
