import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const infrastructure = ['bullmq', 'ioredis', 'pg', 'drizzle-orm', 'ws', 'socks-proxy-agent'];

/** Node doors that only the dialer may open. */
const wires = [
  'node:net',
  'node:tls',
  'node:http',
  'node:https',
  'node:dns',
  'node:dns/promises',
  'node:dgram',
  'node:http2',
];

export default tseslint.config(
  { ignores: ['**/jest.config.cjs', '**/dist/**', '**/node_modules/**', '.nx/**', 'coverage/**'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
  },
  {
    // Projects leave their specs out of the build; one configuration type-checks all of them.
    files: ['**/*.spec.ts'],
    languageOptions: { parserOptions: { projectService: false, project: ['tsconfig.spec.json'] } },
  },
  {
    files: ['**/*.ts'],
    plugins: { '@nx': nx },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@nx/enforce-module-boundaries': [
        'error',
        {
          allow: [],
          // The scripts in bin/ load what they have just compiled.
          checkDynamicDependenciesExceptions: ['.*'],
          depConstraints: [
            {
              sourceTag: 'tier:models',
              onlyDependOnLibsWithTags: ['tier:none'],
              bannedExternalImports: [...infrastructure, 'pino', 'prom-client'],
            },
            { sourceTag: 'tier:testing', onlyDependOnLibsWithTags: ['tier:models'] },
            { sourceTag: 'tier:mid', onlyDependOnLibsWithTags: ['tier:models', 'tier:testing'] },
            {
              sourceTag: 'lib:nips',
              onlyDependOnLibsWithTags: ['tier:models', 'tier:testing'],
              bannedExternalImports: infrastructure,
            },
            {
              sourceTag: 'lib:utils',
              onlyDependOnLibsWithTags: ['tier:models', 'tier:testing'],
              bannedExternalImports: ['bullmq', 'ioredis', 'pg', 'drizzle-orm'],
            },
            {
              sourceTag: 'tier:stage',
              onlyDependOnLibsWithTags: ['tier:models', 'tier:mid', 'tier:testing'],
              bannedExternalImports: ['bullmq', 'ioredis', 'ws', 'socks-proxy-agent'],
            },
            {
              sourceTag: 'tier:app',
              onlyDependOnLibsWithTags: ['tier:models', 'tier:mid', 'tier:stage', 'tier:app', 'tier:testing'],
              bannedExternalImports: ['bullmq', 'ioredis', 'ws', 'socks-proxy-agent'],
            },
          ],
        },
      ],
    },
  },
  {
    // Production code: specs' helpers stay out, the environment and the wires have one door each.
    files: ['libs/**/*.ts', 'apps/**/*.ts'],
    // The health server only listens, and the probes of private servers stay on loopback.
    ignores: [
      '**/*.spec.ts',
      'libs/testing/**',
      'libs/utils/src/net/**',
      'libs/utils/src/servers/**',
      'libs/core/src/health/**',
      'apps/cli/src/demo/**',
    ],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: wires.map((name) => ({ name, message: 'Only the dialer (libs/utils/src/net) opens connections.' })),
          patterns: [{ group: ['@bigbrotr/testing'], message: 'For specs and the demo only.' }],
        },
      ],
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'The configuration (libs/core/src/config) reads the environment.',
        },
      ],
    },
  },
  {
    files: ['**/*.spec.ts', 'libs/testing/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
  // The one place of a process that sees its environment.
  { files: ['apps/*/src/main.ts'], rules: { 'no-restricted-properties': 'off' } },
  { files: ['**/*.mjs', '**/*.cjs'], ...tseslint.configs.disableTypeChecked },
  prettier,
);
