/**
 * What a Jest run came to, from its JSON file. A suite that failed outside its tests (it did not load, a hook broke)
 * counts as one failure, or it would vanish from the sum; so does an attempt to leave the machine past the dialer.
 * @param {object} run
 * @param {object | undefined} run.results absent when Jest broke down before it could write
 * @param {RegExp | undefined} run.chosen the caller's -t pattern: tests that it left out are not "skipped"
 * @param {string} run.trespasses what libs/testing/bin/forbid-unstamped.cjs wrote down
 */
export function summarize({ results, chosen, trespasses = '' }) {
  if (!results) return { passed: 0, failed: 1, skipped: 0, reasons: ['Jest ended without a report'] };
  const tests = results.testResults.flatMap((suite) => suite.assertionResults);
  const count = (...statuses) => tests.filter(({ status }) => statuses.includes(status)).length;
  const broken = results.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  const skipped = tests.filter(
    ({ status, fullName }) =>
      ['pending', 'skipped', 'disabled', 'todo'].includes(status) && (!chosen || chosen.test(fullName)),
  );
  return {
    passed: count('passed'),
    failed: count('failed') + broken.length + (trespasses ? 1 : 0),
    skipped: skipped.length,
    reasons: [
      ...(trespasses ? [`failed: a connection past the dialer\n${trespasses.trimEnd()}`] : []),
      ...broken.map(({ name }) => `failed outside its tests: ${name}`),
      ...groupSkipped(skipped),
    ],
  };
}

export function lastLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** One line per suite that lacks a server or browser (`needs` of @bigbrotr/testing names it), one per other skipped test. */
function groupSkipped(tests) {
  const groups = new Map();
  for (const { ancestorTitles, fullName, status } of tests) {
    const suite = ancestorTitles.find((title) => title.includes('(skipped: '));
    const line = suite
      ? `skipped: ${suite}`
      : `${status === 'todo' ? 'still to be written' : 'switched off in its spec'}: ${fullName}`;
    groups.set(line, (groups.get(line) ?? 0) + 1);
  }
  return [...groups].map(([line, times]) => (times === 1 ? line : `${line}, ${times} tests`));
}
