import { describe, expect, it } from '@jest/globals';

import type { Queryable } from '../db/pool.js';
import { KnownEvents } from './known-events.js';

describe('KnownEvents', () => {
  /** A database edge that holds one event and remembers what it was asked. */
  function database(held: Readonly<Record<string, number>>) {
    const asked: string[] = [];
    const db = {
      query: (_: string, [ids]: [string]) => {
        const wanted = ids.match(/[0-9a-f]{64}/g) ?? [];
        asked.push(...wanted);
        return Promise.resolve({ rows: wanted.flatMap((id) => (id in held ? [{ id, seq: held[id] }] : [])) });
      },
    } as unknown as Queryable;
    return { db, asked };
  }
  const id = (n: number) => n.toString(16).padStart(64, '0');

  it('asks the database once for what is stored, and every time for what is not', async () => {
    const known = new KnownEvents(10);
    const { db, asked } = database({ [id(1)]: 11 });

    expect(await known.find(db, [id(1), id(2)])).toEqual(new Map([[id(1), 11]]));
    expect(await known.find(db, [id(1), id(2)])).toEqual(new Map([[id(1), 11]]));

    expect(asked).toEqual([id(1), id(2), id(2)]);
  });

  it('forgets what was not asked for during two generations, and keeps what was', () => {
    const known = new KnownEvents(3);
    known.add(id(1), 1);
    known.add(id(2), 2);
    for (let n = 10; n < 14; n++) {
      known.add(id(n), n);
      expect(known.get(id(1))).toBe(1);
    }

    expect(known.get(id(2))).toBeUndefined();
  });
});
