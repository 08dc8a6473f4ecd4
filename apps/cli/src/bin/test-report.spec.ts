import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';

interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly reasons: readonly string[];
}

interface Report {
  summarize(run: { results?: unknown; chosen?: RegExp; trespasses?: string }): Summary;
  lastLine(summary: Summary): string;
}

describe('bin/test-report.mjs', () => {
  let report: Report;

  beforeAll(async () => {
    report = (await import(join(dirname(fileURLToPath(import.meta.url)), '../../bin/test-report.mjs'))) as Report;
  });

  it('counts tests and tells why some are missing', () => {
    const summary = report.summarize({
      results: {
        testResults: [
          suite(
            'passed',
            test('passed', 'a', 'works'),
            test('pending', 'bus (skipped: no redis)', 'adds'),
            test('pending', 'bus (skipped: no redis)', 'takes'),
          ),
          suite(
            'failed',
            test('failed', 'b', 'breaks'),
            test('passed', 'b', 'works'),
            test('todo', 'b', 'dreams'),
            test('pending', 'b', 'rests'),
          ),
        ],
      },
    });

    expect(report.lastLine(summary)).toBe('2 passed, 1 failed, 4 skipped');
    expect(summary.reasons).toEqual([
      'skipped: bus (skipped: no redis), 2 tests',
      'still to be written: b dreams',
      'switched off in its spec: b rests',
    ]);
  });

  it.each([
    [
      'a suite that does not load',
      { results: { testResults: [{ ...suite('failed'), name: 'x.spec.ts' }] } },
      '0 passed, 1 failed, 0 skipped',
    ],
    [
      'a suite whose hook breaks',
      { results: { testResults: [suite('failed', test('passed', 'a', 'works'))] } },
      '1 passed, 1 failed, 0 skipped',
    ],
    [
      'a trespass',
      {
        results: { testResults: [suite('passed', test('passed', 'a', 'works'))] },
        trespasses: 'look-up of example.com',
      },
      '1 passed, 1 failed, 0 skipped',
    ],
    ['a broken Jest', {}, '0 passed, 1 failed, 0 skipped'],
  ])('counts %s as a failure', (_, run, line) => {
    const summary = report.summarize(run);

    expect(report.lastLine(summary)).toBe(line);
    expect(summary.reasons).toHaveLength(1);
  });

  it('does not call skipped what -t left out', () => {
    const results = {
      testResults: [
        suite(
          'passed',
          test('pending', 'a', 'one'),
          test('passed', 'a', 'two'),
          test('pending', 'a (skipped: no redis)', 'two'),
        ),
      ],
    };

    expect(report.lastLine(report.summarize({ results, chosen: /two/i }))).toBe('1 passed, 0 failed, 1 skipped');
  });
});

function suite(status: string, ...assertionResults: unknown[]): object {
  return { name: 'a.spec.ts', status, assertionResults };
}

function test(status: string, parent: string, title: string): object {
  return { status, title, ancestorTitles: [parent], fullName: `${parent} ${title}` };
}
