import { createEventFactory, type EndpointTruth } from '@bigbrotr/testing';
import { describe, expect, it } from '@jest/globals';

import { createProgressView, progressLine, progressTable, type ProgressState } from './progress-view.js';

const events = createEventFactory({ seed: 1 }).many(2_000);
const truth: readonly EndpointTruth[] = [
  { name: 'lighthouse', url: 'ws://127.0.0.1:65535', verdict: 'online', events },
  { name: 'customs', url: 'ws://127.0.0.1:65534', verdict: 'auth', events: events.slice(1_000) },
  { name: 'wreck', url: 'ws://127.0.0.1:65533', verdict: 'unreachable', events: [] },
];

function state(seconds = 7): ProgressState {
  const progress = {
    events: 1_500,
    sightings: 1_600,
    seenOn: new Map([
      ['ws://127.0.0.1:65535', 1_500],
      ['ws://127.0.0.1:65534', 100],
    ]),
    verdicts: new Map([
      ['ws://127.0.0.1:65535', 'online'],
      ['ws://127.0.0.1:65533', 'pending'],
    ]),
  };
  return { truth, progress, seconds };
}

function record(isTTY: boolean): {
  readonly stderr: { readonly isTTY: boolean; write(text: string): void };
  readonly written: string[];
} {
  const written: string[] = [];
  return { stderr: { isTTY, write: (text) => void written.push(text) }, written };
}

describe('progress view', () => {
  it('sums up in one line', () => {
    expect(progressLine(state())).toBe(
      '7 s: found 2 of 3 endpoints, judged 1; events 1,500 of 2,000; seen on relays 1,600 of 3,000',
    );
  });

  it('shows each endpoint within 80 columns', () => {
    const lines = progressTable(state());

    expect(lines).toContain('lighthouse  ws://127.0.0.1:65535  online    1,500  2,000  ████████████');
    expect(lines).toContain('customs     ws://127.0.0.1:65534              100  1,000  ██');
    expect(lines).toContain('wreck       ws://127.0.0.1:65533  pending');
    expect(Math.max(...lines.slice(1).map((line) => line.length))).toBeLessThan(80);
  });

  it('redraws itself on a terminal', () => {
    const { stderr, written } = record(true);
    const view = createProgressView({ stderr });

    view.show(state(1));
    view.show(state(2));

    const height = written[0]!.split('\n').length - 1;
    expect(written[0]).not.toContain('\x1b');
    expect(written[1]!.startsWith(`\x1b[${height}A\x1b[J2 s: `)).toBe(true);
  });

  it('writes a plain line every other second elsewhere', () => {
    const { stderr, written } = record(false);
    const view = createProgressView({ stderr });

    for (const seconds of [0, 0.5, 1, 1.5, 2, 2.5, 4]) view.show(state(seconds));

    expect(written.map((line) => line.split(':')[0])).toEqual(['0 s', '2 s', '4 s']);
    expect(written.join('')).not.toContain('\x1b');
  });
});
