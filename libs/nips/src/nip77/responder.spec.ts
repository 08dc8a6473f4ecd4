import { describe, it, expect } from '@jest/globals';
import { createNegentropyResponder } from './responder.js';

const id = 'ab'.repeat(32);

describe('createNegentropyResponder', () => {
  it('lists its ids to an empty initiator', () => {
    const responder = createNegentropyResponder({}, [{ id, created_at: 5 }]);

    expect(responder.reply('6100000200')).toBe(`6100000201${id}`);
  });

  it.each(['', '61ff', '61000007'])('throws on %j', (message) => {
    expect(() => createNegentropyResponder({}, []).reply(message)).toThrow(RangeError);
  });
});
