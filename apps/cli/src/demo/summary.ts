import type { EndpointReport, Tally } from './compare.js';
import type { Observation } from './observe.js';
import { formatCount, renderTable } from './table.js';

/** One run of the demo, judged. */
export interface DemoResult extends Observation {
  /** Of `up`; undefined while it runs. */
  readonly exitCode: number | undefined;
}

const EXAMPLES = 3;

export function isOk({ comparison, settled, exitCode }: DemoResult): boolean {
  return comparison.ok && settled && (exitCode ?? 0) === 0;
}

/** The line that scripts read. */
export function lastLine(result: DemoResult): string {
  const { events, provenance, verdicts } = result.comparison;
  return `demo: ${isOk(result) ? 'ok' : 'failed'} events=${ratio(events)} provenance=${ratio(provenance)} verdicts=${ratio(verdicts)}`;
}

/** What a person reads, the last line included. */
export function renderSummary(result: DemoResult): string[] {
  const { comparison, seconds, queueBackend, peakMemoryBytes } = result;
  const columns = [
    { title: 'endpoint' },
    { title: 'url' },
    { title: 'verdict' },
    { title: 'expected' },
    { title: 'events', align: 'right' },
    { title: 'of', align: 'right' },
    { title: '' },
  ] as const;
  const memory = peakMemoryBytes === undefined ? 'unknown' : `${Math.ceil(peakMemoryBytes / 2 ** 20)} MB`;
  return [
    ...renderTable(columns, comparison.endpoints.map(summaryRow)),
    '',
    `distinct events   ${describe(comparison.events)}`,
    `seen on relays    ${describe(comparison.provenance)}`,
    `right verdicts    ${describe(comparison.verdicts)}`,
    `time              ${seconds.toFixed(1)} s, queues in ${queueBackend}, peak memory of up ${memory}`,
    ...complaints(result),
    '',
    lastLine(result),
  ];
}

/** The same for programs. */
export function summaryJson(result: DemoResult): unknown {
  const { comparison, ...run } = result;
  return { ...run, ...comparison, ok: isOk(result), line: lastLine(result) };
}

function summaryRow({ name, url, verdict, expectedVerdict, foundEvents, expectedEvents }: EndpointReport): string[] {
  const counts = expectedEvents === 0 ? ['', ''] : [formatCount(foundEvents), formatCount(expectedEvents)];
  const right = verdict === expectedVerdict && foundEvents === expectedEvents;
  return [name, url, verdict ?? 'never found', expectedVerdict, ...counts, right ? 'ok' : 'WRONG'];
}

function describe({ expected, found, missing, altered, invented }: Tally): string {
  const faults = [
    ...(missing.length > 0 ? [`${formatCount(missing.length)} missing`] : []),
    ...(altered.length > 0 ? [`${formatCount(altered.length)} wrong`] : []),
    ...(invented.length > 0 ? [`${formatCount(invented.length)} that do not exist`] : []),
  ];
  return [`${formatCount(found)} of ${formatCount(expected)}`, ...faults].join(', ');
}

function complaints({ comparison, settled, exitCode }: DemoResult): string[] {
  const { events, provenance, verdicts } = comparison;
  const list = (what: string, keys: readonly string[]): string[] =>
    keys.slice(0, EXAMPLES).map((key) => `  ${what}: ${key}`);
  return [
    ...(settled ? [] : ['There was still work to do when the time was up.']),
    ...((exitCode ?? 0) === 0 ? [] : [`bigbrotr up ended with exit code ${exitCode ?? ''} instead of 0.`]),
    ...[events, provenance, verdicts].flatMap(({ missing, altered, invented }) => [
      ...list('missing', missing),
      ...list('wrong', altered),
      ...list('does not exist', invented),
    ]),
  ];
}

function ratio({ found, expected }: Tally): string {
  return `${found}/${expected}`;
}
