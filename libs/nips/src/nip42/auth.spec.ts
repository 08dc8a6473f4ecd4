import { describe, it, expect } from '@jest/globals';
import type { RelayUrl } from '@bigbrotr/models';
import { authTemplate } from './auth.js';

describe('authTemplate', () => {
  it('names the relay as we connected to it, and its challenge', () => {
    expect(authTemplate('wss://relay.example.com/inbox' as RelayUrl, 'c', 1_700_000_000)).toEqual({
      kind: 22_242,
      created_at: 1_700_000_000,
      tags: [
        ['relay', 'wss://relay.example.com/inbox'],
        ['challenge', 'c'],
      ],
      content: '',
    });
  });
});
