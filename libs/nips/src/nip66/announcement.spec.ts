import { describe, it, expect } from '@jest/globals';
import { announcementEvent } from './announcement.js';

describe('announcementEvent', () => {
  it('says how often, how long and what', () => {
    const event = announcementEvent({
      createdAt: 1_700_000_000,
      frequency: 3_600,
      checks: [
        { name: 'open', timeoutMs: 10_000 },
        { name: 'nip11', timeoutMs: 5_000 },
      ],
      networks: ['clearnet', 'tor', 'local'],
      geohash: 'u173',
    });

    expect(event).toEqual({
      kind: 10_166,
      created_at: 1_700_000_000,
      content: '',
      tags: [
        ['frequency', '3600'],
        ['timeout', 'open', '10000'],
        ['timeout', 'nip11', '5000'],
        ['c', 'open'],
        ['c', 'nip11'],
        ['n', 'clearnet'],
        ['n', 'tor'],
        ['g', 'u173'],
      ],
    });
  });
});
