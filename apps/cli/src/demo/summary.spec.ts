import { describe, expect, it } from '@jest/globals';

import type { Comparison, Tally } from './compare.js';
import { isOk, lastLine, renderSummary, summaryJson, type DemoResult } from './summary.js';

const clean = (expected: number): Tally => ({ expected, found: expected, missing: [], altered: [], invented: [] });

const good: Comparison = {
  ok: true,
  events: clean(5_000),
  provenance: clean(11_000),
  verdicts: clean(2),
  endpoints: [
    {
      name: 'a',
      url: 'ws://a',
      expectedVerdict: 'online',
      verdict: 'online',
      expectedEvents: 5_000,
      foundEvents: 5_000,
    },
    {
      name: 'b',
      url: 'ws://b',
      expectedVerdict: 'unreachable',
      verdict: 'unreachable',
      expectedEvents: 0,
      foundEvents: 0,
    },
  ],
};

const bad: Comparison = {
  ...good,
  ok: false,
  provenance: { ...clean(11_000), found: 10_999, missing: ['0abc ws://a'] },
  endpoints: [
    { ...good.endpoints[0]!, foundEvents: 4_999 },
    { ...good.endpoints[1]!, verdict: undefined },
  ],
};

function result(changes: Partial<DemoResult> = {}): DemoResult {
  const run = { settled: true, seconds: 12.34, queueBackend: 'redis', peakMemoryBytes: 200 * 2 ** 20, exitCode: 0 };
  return { comparison: good, ...run, ...changes };
}

describe('summary', () => {
  it('ends with a line for scripts', () => {
    expect(renderSummary(result()).at(-1)).toBe('demo: ok events=5000/5000 provenance=11000/11000 verdicts=2/2');
    expect(renderSummary(result({ comparison: bad })).at(-1)).toBe(
      'demo: failed events=5000/5000 provenance=10999/11000 verdicts=2/2',
    );
  });

  it.each<[string, Partial<DemoResult>, boolean]>([
    ['all is well', {}, true],
    ['the pipeline still runs', { exitCode: undefined }, true],
    ['the archive is wrong', { comparison: bad }, false],
    ['work was left', { settled: false }, false],
    ['the pipeline ended badly', { exitCode: 3 }, false],
  ])('when %s', (_when, changes, ok) => {
    expect(isOk(result(changes))).toBe(ok);
    expect(lastLine(result(changes))).toMatch(ok ? /^demo: ok / : /^demo: failed /);
    expect(summaryJson(result(changes))).toMatchObject({ ok, line: lastLine(result(changes)) });
  });

  it('shows endpoints, sums and memory', () => {
    const text = renderSummary(result()).join('\n');

    expect(text).toMatch(/^a +ws:\/\/a +online +online +5,000 +5,000 +ok$/m);
    expect(text).toMatch(/^b +ws:\/\/b +unreachable +unreachable +ok$/m);
    expect(text).toMatch(/^distinct events +5,000 of 5,000$/m);
    expect(text).toContain('peak memory of up 200 MB');
    expect(text).not.toContain('WRONG');
  });

  it('says what is wrong, with examples', () => {
    const lines = renderSummary(result({ comparison: bad, settled: false, exitCode: 1 }));

    expect(lines.filter((line) => line.endsWith('WRONG'))).toHaveLength(2);
    expect(lines.join('\n')).toMatch(/never found +unreachable/);
    expect(lines).toContain('seen on relays    10,999 of 11,000, 1 missing');
    expect(lines).toContain('  missing: 0abc ws://a');
    expect(lines).toContain('There was still work to do when the time was up.');
    expect(lines).toContain('bigbrotr up ended with exit code 1 instead of 0.');
  });
});
