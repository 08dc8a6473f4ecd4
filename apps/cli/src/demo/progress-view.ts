import type { EndpointTruth } from '@bigbrotr/testing';

import type { Shell } from '../shell.js';
import type { ArchiveProgress } from './read-archive.js';
import { formatCount, renderTable } from './table.js';
import { PENDING } from './verdict.js';

export interface ProgressState {
  readonly truth: readonly EndpointTruth[];
  readonly progress: ArchiveProgress;
  readonly seconds: number;
}

export interface ProgressView {
  show(state: ProgressState): void;
}

const LINE_EVERY_S = 2;
const BAR = 16;

/** On a terminal a table that redraws itself, elsewhere a line now and then. */
export function createProgressView({ stderr }: Pick<Shell, 'stderr'>): ProgressView {
  return stderr.isTTY === true ? createTable(stderr) : createLines(stderr);
}

function createTable(out: Shell['stderr']): ProgressView {
  let height = 0;
  return {
    show(state) {
      const lines = progressTable(state);
      const back = height === 0 ? '' : `\x1b[${height}A\x1b[J`;
      out.write(`${back}${lines.join('\n')}\n`);
      height = lines.length;
    },
  };
}

function createLines(out: Shell['stderr']): ProgressView {
  let last = -Infinity;
  return {
    show(state) {
      if (state.seconds - last < LINE_EVERY_S) return;
      last = state.seconds;
      out.write(`${progressLine(state)}\n`);
    },
  };
}

export function progressLine({ truth, progress, seconds }: ProgressState): string {
  const { events, sightings, verdicts } = progress;
  const judged = [...verdicts.values()].filter((verdict) => verdict !== PENDING).length;
  const expected = totals(truth);
  return [
    `${Math.round(seconds)} s: found ${verdicts.size} of ${truth.length} endpoints, judged ${judged}`,
    `events ${formatCount(events)} of ${formatCount(expected.events)}`,
    `seen on relays ${formatCount(sightings)} of ${formatCount(expected.sightings)}`,
  ].join('; ');
}

/** What is known of each endpoint, in the order in which the network was built; at most 80 columns. */
export function progressTable(state: ProgressState): string[] {
  const { truth, progress } = state;
  const rows = truth.map(({ name, url, events }) => {
    const seen = progress.seenOn.get(url) ?? 0;
    const share = events.length === 0 ? 0 : Math.min(1, seen / events.length);
    return [
      name,
      url,
      progress.verdicts.get(url) ?? '',
      events.length === 0 ? '' : formatCount(seen),
      events.length === 0 ? '' : formatCount(events.length),
      '█'.repeat(Math.round(share * BAR)),
    ];
  });
  const columns = [
    { title: 'endpoint' },
    { title: 'url' },
    { title: 'verdict' },
    { title: 'events', align: 'right' },
    { title: 'of', align: 'right' },
    { title: '' },
  ] as const;
  return [progressLine(state), '', ...renderTable(columns, rows), ''];
}

function totals(truth: readonly EndpointTruth[]): { readonly events: number; readonly sightings: number } {
  const ids = new Set(truth.flatMap(({ events }) => events.map(({ id }) => id)));
  return { events: ids.size, sightings: truth.reduce((sum, { events }) => sum + events.length, 0) };
}
