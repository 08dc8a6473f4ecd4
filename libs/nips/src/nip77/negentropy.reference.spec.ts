import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { describe, it, expect } from '@jest/globals';
import { NegentropyItemSet, type NegentropyItem } from './item-set.js';
import { openNegentropy, reconcile } from './negentropy.js';

/** The copy of the reference code that applesauce-relay carries; it has no door to it of its own. */
interface Reference {
  readonly NegentropyStorageVector: new () => { insert(timestamp: number, id: string): void; seal(): void };
  readonly Negentropy: new (
    storage: InstanceType<Reference['NegentropyStorageVector']>,
    frameSizeLimit: number,
  ) => {
    initiate(): Promise<string>;
    reconcile(message: string): Promise<[next: string | null, have: string[], need: string[]]>;
  };
}

const door = createRequire(import.meta.url).resolve('applesauce-relay/negentropy');
const reference = (await import(door.replace(/negentropy\.js$/, 'lib/negentropy.js'))) as Reference;

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const idsOf = (items: readonly NegentropyItem[]) => items.map(({ id }) => hexOf(id)).sort();

function itemsOf(count: number, clock: (index: number) => number, salt: string): NegentropyItem[] {
  return Array.from({ length: count }, (_, index) => ({
    created_at: clock(index),
    id: createHash('sha256').update(`${salt}${index}`).digest(),
  }));
}

function referenceOf(items: readonly NegentropyItem[], frameSizeLimit: number) {
  const storage = new reference.NegentropyStorageVector();
  for (const { created_at, id } of items) storage.insert(created_at, hexOf(id));
  storage.seal();
  return new reference.Negentropy(storage, frameSizeLimit);
}

// The reference shifts 32-bit numbers: later timestamps are beyond it.
const CLOCKS = [
  ['steady', (index: number) => 1_700_000_000 + index * 30],
  ['one second', () => 1_700_000_000],
  ['crowded seconds', (index: number) => 1_700_000_000 + Math.floor(index / 300)],
] as const;

const SIZES = [
  { common: 0, ours: 0, theirs: 1 },
  { common: 0, ours: 2_000, theirs: 0 },
  { common: 0, ours: 0, theirs: 2_000 },
  { common: 31, ours: 1, theirs: 1 },
  { common: 1_500, ours: 300, theirs: 200 },
  { common: 3_000, ours: 3, theirs: 3 },
];

const CASES = CLOCKS.flatMap(([name, clock]) =>
  SIZES.flatMap((sizes) => [4_096, 60_000].map((frameSizeLimit) => ({ name, clock, frameSizeLimit, ...sizes }))),
);

describe('negentropy against the reference', () => {
  it.each(CASES)(
    'initiates: $name, $common common, $ours ours, $theirs theirs, frames of $frameSizeLimit',
    async ({ clock, common, ours, theirs, frameSizeLimit }) => {
      const shared = itemsOf(common, clock, 'common');
      const mine = itemsOf(ours, clock, 'ours');
      const other = itemsOf(theirs, clock, 'theirs');
      const items = new NegentropyItemSet([...shared, ...mine]);
      const responder = referenceOf([...shared, ...other], frameSizeLimit);
      const [have, need] = [new Set<string>(), new Set<string>()];

      let message: Uint8Array | undefined = openNegentropy(items);
      while (message !== undefined) {
        const [answer] = await responder.reconcile(hexOf(message));
        if (answer === null) throw new Error('the reference gave up');
        const learned = reconcile({ role: 'initiator', frameSizeLimit }, items, Buffer.from(answer, 'hex'));
        if (!learned.ok) throw new Error(learned.reason);
        learned.have.forEach((index) => have.add(items.hex(index)));
        learned.need.forEach((id) => need.add(id));
        message = learned.next;
      }

      expect([...have].sort()).toEqual(idsOf(mine));
      expect([...need].sort()).toEqual(idsOf(other));
    },
  );

  it.each(CASES)(
    'responds: $name, $common common, $ours ours, $theirs theirs, frames of $frameSizeLimit',
    async ({ clock, common, ours, theirs, frameSizeLimit }) => {
      const shared = itemsOf(common, clock, 'common');
      const mine = itemsOf(ours, clock, 'ours');
      const other = itemsOf(theirs, clock, 'theirs');
      const items = new NegentropyItemSet([...shared, ...mine]);
      const initiator = referenceOf([...shared, ...other], frameSizeLimit);
      const [have, need] = [new Set<string>(), new Set<string>()];

      for (let message: string | null = await initiator.initiate(); message !== null;) {
        const answer = reconcile({ role: 'responder', frameSizeLimit }, items, Buffer.from(message, 'hex'));
        if (!answer.ok || answer.next === undefined) throw new Error('the responder gave up');
        const [next, had, needed]: [string | null, string[], string[]] = await initiator.reconcile(hexOf(answer.next));
        had.forEach((id) => have.add(id));
        needed.forEach((id) => need.add(id));
        message = next;
      }

      expect([...have].sort()).toEqual(idsOf(other));
      expect([...need].sort()).toEqual(idsOf(mine));
    },
  );
});
