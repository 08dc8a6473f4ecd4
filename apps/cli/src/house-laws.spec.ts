import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, it } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

const BOUNDARY = '@nx/enforce-module-boundaries';
const IMPORTS = 'no-restricted-imports';
const PROPERTIES = 'no-restricted-properties';

/** What, where, and the rule that has to find it. */
const PLANTED = [
  ['models that know core', 'libs/models/src/planted.ts', `export { SCHEMA_VERSION } from '@bigbrotr/core';`, BOUNDARY],
  ['models that do I/O', 'libs/models/src/planted.ts', `export { Pool } from 'pg';`, BOUNDARY],
  [
    'a mid tier that knows another',
    'libs/nips/src/planted.ts',
    `export { createDialer } from '@bigbrotr/utils';`,
    BOUNDARY,
  ],
  ['nips that open sockets', 'libs/nips/src/planted.ts', `export { WebSocket } from 'ws';`, BOUNDARY],
  ['utils that know the queue', 'libs/utils/src/planted.ts', `export { Queue } from 'bullmq';`, BOUNDARY],
  [
    'a stage that knows another',
    'libs/stages/finder/src/planted.ts',
    `export { seederStage } from '@bigbrotr/seeder';`,
    BOUNDARY,
  ],
  ['a stage that knows BullMQ', 'libs/stages/finder/src/planted.ts', `export { Queue } from 'bullmq';`, BOUNDARY],
  ['an app that knows Redis', 'apps/api/src/planted.ts', `export { Redis } from 'ioredis';`, BOUNDARY],
  [
    'a path across projects',
    'libs/stages/finder/src/planted.ts',
    `export { seed } from '../../seeder/src/seed.js';`,
    BOUNDARY,
  ],
  ['test helpers in the product', 'libs/core/src/planted.ts', `export { until } from '@bigbrotr/testing';`, IMPORTS],
  [
    'a connection past the dialer',
    'libs/stages/monitor/src/planted.ts',
    `export { connect } from 'node:net';`,
    IMPORTS,
  ],
  ['a look-up past the dialer', 'libs/core/src/planted.ts', `export { lookup } from 'node:dns';`, IMPORTS],
  [
    'the environment read anywhere',
    'libs/stages/seeder/src/planted.ts',
    `export const home = process.env['HOME'];`,
    PROPERTIES,
  ],
] as const;

const LINT = `
  import { createProjectGraphAsync } from '@nx/devkit';
  import { ESLint } from 'eslint';
  // The boundary rule reads the graph from Nx' cache, and says nothing where there is none.
  await createProjectGraphAsync();
  const rules = ${JSON.stringify([BOUNDARY, IMPORTS, PROPERTIES])};
  const eslint = new ESLint({
    cwd: process.cwd(),
    ruleFilter: ({ ruleId }) => rules.includes(ruleId),
    overrideConfig: [{ files: ['**/*.ts'], languageOptions: { parserOptions: { projectService: false, project: null } } }],
  });
  const found = [];
  for (const [code, filePath] of JSON.parse(process.argv[1])) {
    const [result] = await eslint.lintText(code, { filePath });
    found.push(result.messages.map((m) => m.ruleId ?? m.message));
  }
  console.log(JSON.stringify(found));
`;

describe('the laws of the house', () => {
  it('are enforced by lint, each by the rule that is meant to', async () => {
    const cases = PLANTED.map(([, file, code]) => [`${code}\n`, file]);
    const harmless = [[`export { NETWORKS } from '@bigbrotr/models';\n`, 'libs/stages/finder/src/planted.ts']];

    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', LINT, JSON.stringify([...cases, ...harmless])],
      {
        cwd: ROOT,
        env: { PATH: process.env['PATH'], HOME: process.env['HOME'], NX_DAEMON: 'false' },
        timeout: 110_000,
      },
    );

    const found = JSON.parse(stdout.trim().split('\n').at(-1) ?? '[]') as string[][];
    expect(found.slice(0, -1).map((rules, i) => [PLANTED[i]?.[0], rules])).toEqual(
      PLANTED.map(([what, , , rule]) => [what, [rule]]),
    );
    expect(found.at(-1)).toEqual([]);
  }, 120_000);
});
