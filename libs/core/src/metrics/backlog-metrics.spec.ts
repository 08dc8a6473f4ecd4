import { describe, expect, it } from '@jest/globals';

import { createLogger, type Logger } from '../logging/logger.js';
import { createBacklogMetrics, type Backlog } from './backlog-metrics.js';
import { createRegistry } from './registry.js';

const ROW: Backlog = { stage: 'monitor', network: 'tor', due: 12, oldestSeconds: 340 };

function listen(): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    log: createLogger({ level: 'warn', pretty: false }, { destination: { write: (line) => lines.push(line) } }),
  };
}

function series(text: string): string[] {
  return text.split('\n').filter((line) => line.startsWith('bigbrotr_due_'));
}

describe('createBacklogMetrics', () => {
  it('reads the backlog at scrape time, once for both gauges', async () => {
    const registry = createRegistry();
    let reads = 0;
    createBacklogMetrics(registry, () => Promise.resolve([{ ...ROW, due: ++reads }]), { log: listen().log });

    await registry.metrics();

    expect(series(await registry.metrics())).toEqual([
      'bigbrotr_due_backlog{stage="monitor",network="tor"} 2',
      'bigbrotr_due_oldest_seconds{stage="monitor",network="tor"} 340',
    ]);
  });

  it('forgets a queue that has no backlog any more', async () => {
    const registry = createRegistry();
    const answers = [[ROW], []];
    createBacklogMetrics(registry, () => Promise.resolve(answers.shift() ?? []), { log: listen().log });

    await registry.metrics();

    expect(series(await registry.metrics())).toEqual([]);
  });

  it('leaves the series out and says so when the read fails', async () => {
    const registry = createRegistry();
    const { log, lines } = listen();
    const answers = [Promise.resolve([ROW]), Promise.reject(new Error('database gone'))];
    answers[1]?.catch(() => undefined);
    createBacklogMetrics(registry, () => answers.shift() ?? Promise.resolve([]), { log });

    await registry.metrics();
    const text = await registry.metrics();

    expect(series(text)).toEqual([]);
    expect(text).toContain('bigbrotr_process_');
    expect(lines.join('')).toContain('database gone');
  });

  it('does not wait longer than its deadline, and reads no second time beside a read that hangs', async () => {
    const registry = createRegistry();
    const { log, lines } = listen();
    let reads = 0;
    let isAborted = false;
    let answer: (rows: Backlog[]) => void = () => undefined;
    const hang = (signal: AbortSignal) => {
      reads++;
      signal.addEventListener('abort', () => (isAborted = true));
      return new Promise<Backlog[]>((resolve) => (answer = resolve));
    };
    createBacklogMetrics(registry, hang, { log, deadlineMs: 20 });

    expect(series(await registry.metrics())).toEqual([]);
    expect(series(await registry.metrics())).toEqual([]);
    expect([reads, isAborted]).toEqual([1, true]);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('"code":"deadline"');

    answer([]);
    await new Promise(setImmediate);
    const scrape = registry.metrics();
    answer([ROW]);
    expect(series(await scrape)).toHaveLength(2);
    expect(reads).toBe(2);
  });
});
