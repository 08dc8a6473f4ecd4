/** The candidate that was probably meant, if any is near enough to say so. */
export function suggest(written: string, candidates: readonly string[]): string | undefined {
  const plain = foldKey(written);
  let best: string | undefined;
  let least = Math.max(1, Math.floor(plain.length / 3)) + 1;
  for (const candidate of candidates) {
    const folded = foldKey(candidate);
    const away = plain.length >= 3 && folded.startsWith(plain) ? 1 : distance(plain, folded);
    if (away < least) {
      least = away;
      best = candidate;
    }
  }
  return best;
}

/** Keys are the same key whatever their case and underscores: `MAX_TASKS` is `maxTasks`. */
export function foldKey(key: string): string {
  return key.toLowerCase().replaceAll(/[_-]/g, '');
}

/** Edits between two words, a swap of neighbours counting as one (optimal string alignment). */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        at(last, j) + 1,
        at(row, j - 1) + 1,
        at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1),
        swapped ? at(beforeLast, j - 2) + 1 : Infinity,
      );
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
