import { describe, expect, it } from '@jest/globals';
import { Deadline } from '../async/deadline.js';
import { ConnectionGate, type Visit } from './connection-gate.js';
import { DEFAULT_LIMITS } from './dialer-options.js';
import { WireFailure } from './wire-failure.js';

const clearnet: Visit = { network: 'clearnet', host: 'a.example', port: 443, address: '192.0.2.1', use: 'websocket' };
const local: Visit = { network: 'local', host: 'localhost', port: 1, address: '127.0.0.1', use: 'websocket' };
const tor: Visit = { network: 'tor', host: 'a.onion', port: 80, address: undefined, use: 'websocket' };

/** Lets the first in and tells whether the second may follow while the first is there. */
async function mayFollow(first: Visit, second: Visit): Promise<boolean> {
  const gate = new ConnectionGate({ ...DEFAULT_LIMITS, socketsPerIp: 1, maxWaiting: 0 });
  using deadline = new Deadline(1000);
  await gate.enter(first, deadline);
  try {
    await gate.enter(second, deadline);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(WireFailure);
    return false;
  }
}

describe('ConnectionGate', () => {
  it.each([
    ['the same address for another name and port', clearnet, { ...clearnet, host: 'b.example', port: 8443 }, false],
    ['another address', clearnet, { ...clearnet, address: '192.0.2.2' }, true],
    ['the same address on local for another port', local, { ...local, port: 2 }, true],
    ['the same host and port on local', local, local, false],
    ['the same onion service', tor, tor, false],
    ['another onion service, whose address nobody knows either', tor, { ...tor, host: 'b.onion' }, true],
  ])('shares places by address: %s', async (_, first, second, expected) => {
    expect(await mayFollow(first, second)).toBe(expected);
  });

  it('stops the clock of whoever waits', async () => {
    const gate = new ConnectionGate({ ...DEFAULT_LIMITS, socketsPerIp: 1 });
    using deadline = new Deadline(60);
    const leave = await gate.enter(clearnet, deadline);
    const entering = gate.enter(clearnet, deadline);
    setTimeout(leave, 150);
    await entering;
    expect(deadline.signal.aborted).toBe(false);
  });
});
