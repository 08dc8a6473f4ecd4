import { Counter, Histogram, type Registry } from 'prom-client';

/** Counted once, here, for every stage. Labels are queue names and words. */
export interface JobMetrics {
  /** From when it could have run to when it did. */
  waited(queue: string, seconds: number): void;
  ran(queue: string, seconds: number): void;
  outcome(queue: string, word: string): void;
}

const WORD = /^[a-z][a-z0-9-]{0,39}$/;

export function createJobMetrics(registry: Registry): JobMetrics {
  const outcomes = new Counter({
    name: 'bigbrotr_job_outcomes_total',
    help: 'Ends of runs. "failed" are dead letters, "stalled" are runs whose process died.',
    labelNames: ['queue', 'outcome'],
    registers: [registry],
  });
  const wait = new Histogram({
    name: 'bigbrotr_job_wait_seconds',
    help: 'Time from when a job could run to its first run.',
    labelNames: ['queue'],
    // Around the refill time of a queue (2 to 3 minutes of work).
    buckets: [0.1, 1, 5, 15, 60, 180, 600, 3_600],
    registers: [registry],
  });
  const run = new Histogram({
    name: 'bigbrotr_job_run_seconds',
    help: 'Time that one run of a job took.',
    labelNames: ['queue'],
    // Around the slice (30 s) and the overlay deadlines (60 s and more).
    buckets: [0.05, 0.25, 1, 5, 15, 30, 45, 60, 120, 300],
    registers: [registry],
  });
  return {
    waited: (queue, seconds) => wait.observe({ queue }, Math.max(0, seconds)),
    ran: (queue, seconds) => run.observe({ queue }, seconds),
    outcome: (queue, word) => outcomes.inc({ queue, outcome: WORD.test(word) ? word : 'other' }),
  };
}
