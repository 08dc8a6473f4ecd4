import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it } from '@jest/globals';

import { createSoloGate } from './solo-gate.js';

function build() {
  const log: string[] = [];
  const gate = createSoloGate(
    () => log.push('hold'),
    () => log.push('release'),
  );
  const step = (name: string, ms: number) => async (): Promise<string> => {
    log.push(`+${name}`);
    await sleep(ms);
    log.push(`-${name}`);
    return name;
  };
  return { log, gate, step };
}

describe('solo gate', () => {
  it('lets others run side by side', async () => {
    const { log, gate, step } = build();
    expect(await Promise.all([gate.beside(step('a', 20)), gate.beside(step('b', 5))])).toEqual(['a', 'b']);
    expect(log).toEqual(['+a', '+b', '-b', '-a']);
  });

  it('waits until the others are gone, and keeps new ones out meanwhile', async () => {
    const { log, gate, step } = build();
    const first = gate.beside(step('a', 20));
    const solo = gate.alone(step('solo', 20), 1_000);
    const late = gate.beside(step('b', 1));

    expect(await Promise.all([first, solo, late])).toEqual(['a', { value: 'solo' }, 'b']);
    expect(log).toEqual(['+a', 'hold', '-a', '+solo', '-solo', 'release', '+b', '-b']);
  });

  it('gives up on a crowd that does not leave, and lets the others in again', async () => {
    const { log, gate, step } = build();
    const first = gate.beside(step('a', 100));
    const solo = gate.alone(step('solo', 1), 10);
    const late = gate.beside(step('b', 1));

    expect(await solo).toBeUndefined();
    expect(await late).toBe('b');
    expect(log).toEqual(['+a', 'hold', 'release', '+b', '-b']);
    await first;
  });

  it('does not queue a second one', async () => {
    const { gate, step } = build();
    const first = gate.alone(step('a', 20), 1_000);
    expect(await gate.alone(step('b', 1), 1_000)).toBeUndefined();
    expect(await first).toEqual({ value: 'a' });
    expect(await gate.alone(step('c', 1), 1_000)).toEqual({ value: 'c' });
  });

  it('opens again after a throw', async () => {
    const { log, gate, step } = build();
    await expect(gate.alone(() => Promise.reject(new Error('crash')), 1_000)).rejects.toThrow('crash');
    expect(await gate.beside(step('a', 1))).toBe('a');
    expect(log).toEqual(['hold', 'release', '+a', '-a']);
  });
});
