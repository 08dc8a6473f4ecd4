import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import { appConfigSchema } from './app-config.js';
import { ConfigError } from './config-error.js';
import { Duration } from './duration.js';
import { loadConfig, type LoadConfigOptions } from './load-config.js';

const seeder = { name: 'seeder', config: z.strictObject({ file: z.string().optional() }) } as const;
const synchronizer = {
  name: 'synchronizer',
  config: z.strictObject({
    interval: Duration.prefault('10m'),
    overrides: z
      .array(z.strictObject({ url: z.string(), timeout: Duration.optional(), disabled: z.boolean().default(false) }))
      .default([]),
    filter: z.record(z.string(), z.unknown()).default({}),
  }),
} as const;
const schema = appConfigSchema([seeder, synchronizer]);

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'config-'));
});

function file(text: string, name = 'config.yaml'): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

function load(options: Partial<LoadConfigOptions<typeof schema>> = {}): z.output<typeof schema> {
  return loadConfig({ schema, env: {}, ...options });
}

function complaint(options: Partial<LoadConfigOptions<typeof schema>>): string {
  try {
    load(options);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('nothing to complain about');
}

/** Lines of a complaint, without the headline. */
function lines(options: Partial<LoadConfigOptions<typeof schema>>): string[] {
  return complaint(options)
    .split('\n')
    .slice(1)
    .map((line) => line.trim());
}

describe('loadConfig', () => {
  it('is all defaults without a file and a variable', () => {
    const config = load();

    expect(config).toMatchObject({
      database: { pool: { max: 10 }, timeouts: { connect: 10_000 }, applicationName: 'bigbrotr' },
      queue: { prefix: 'bigbrotr' },
      networks: {
        clearnet: { enabled: true, maxTasks: 200, timeout: 10_000, canaries: [] },
        tor: { enabled: false, maxTasks: 20, timeout: 60_000 },
        local: { enabled: false, discover: false, timeout: 10_000 },
      },
      archive: { profile: 'full' },
      policy: { expiration: 'keep', deletion: 'record', vanish: 'record' },
      api: { host: '127.0.0.1', port: 8080 },
      worker: { concurrency: 50 },
      verify: { engine: 'auto' },
      log: { level: 'info', pretty: 'auto' },
      synchronizer: { interval: 600_000, overrides: [] },
    });
    expect(config.database.url).toBeUndefined();
  });

  it('keeps the types of every section', () => {
    const config = load();

    const interval: number = config.synchronizer.interval;
    const seeds: string | undefined = config.seeder.file;
    // @ts-expect-error no stage of that name was given
    expect(config.monitor).toBeUndefined();
    expect([interval, seeds]).toEqual([600_000, undefined]);
  });

  describe('layers', () => {
    it('lets the environment win over the file, and a flag over both', () => {
      const yaml = file('worker: { concurrency: 1 }\nverify: { engine: js }\nlog: { level: debug }\n');
      const env = { BIGBROTR__WORKER__CONCURRENCY: '2', BIGBROTR__VERIFY__ENGINE: 'wasm' };

      const config = load({ file: yaml, env, flags: { 'worker.concurrency': 3 } });

      expect([config.log.level, config.verify.engine, config.worker.concurrency]).toEqual(['debug', 'wasm', 3]);
    });

    it('finds the file by BIGBROTR_CONFIG, and prefers the one it was given', () => {
      const one = file('worker: { concurrency: 1 }', 'one.yaml');
      const two = file('worker: { concurrency: 2 }', 'two.yaml');

      expect(load({ env: { BIGBROTR_CONFIG: one } }).worker.concurrency).toBe(1);
      expect(load({ env: { BIGBROTR_CONFIG: one }, file: two }).worker.concurrency).toBe(2);
    });

    it.each([
      ['BIGBROTR__NETWORKS__CLEARNET__MAX_TASKS'],
      ['BIGBROTR__NETWORKS__CLEARNET__MAXTASKS'],
      ['BIGBROTR__networks__clearnet__maxTasks'],
      ['BIGBROTR__Networks__Clearnet__max_tasks'],
    ])('matches %s without case and underscores', (name) => {
      expect(load({ env: { [name]: '7' } }).networks.clearnet.maxTasks).toBe(7);
    });

    it.each<[string, string, (config: z.output<typeof schema>) => unknown, unknown]>([
      ['BIGBROTR__NETWORKS__LOCAL__ENABLED', 'true', (c) => c.networks.local.enabled, true],
      ['BIGBROTR__LOG__PRETTY', 'false', (c) => c.log.pretty, false],
      ['BIGBROTR__LOG__PRETTY', 'auto', (c) => c.log.pretty, 'auto'],
      ['BIGBROTR__SYNCHRONIZER__INTERVAL', '45s', (c) => c.synchronizer.interval, 45_000],
      ['BIGBROTR__NETWORKS__TOR__CANARIES', '["wss://a.onion"]', (c) => c.networks.tor.canaries, ['wss://a.onion']],
      ['BIGBROTR__SEEDER__FILE', 'seeds.txt', (c) => c.seeder.file, 'seeds.txt'],
      ['BIGBROTR__SEEDER__FILE', '"seeds.txt"', (c) => c.seeder.file, 'seeds.txt'],
      ['BIGBROTR__API__TOKEN', '1234567890123456789012', (c) => c.api.token, '1234567890123456789012'],
      ['BIGBROTR__API__TOKEN', 'true', (c) => c.api.token, 'true'],
      ['BIGBROTR__API__PORT', 'null', (c) => c.api.port, 8080],
      ['BIGBROTR__API__PORT', '', (c) => c.api.port, 8080],
      ['BIGBROTR__SYNCHRONIZER__FILTER', '{"kinds":[1]}', (c) => c.synchronizer.filter, { kinds: [1] }],
      ['BIGBROTR__SYNCHRONIZER__FILTER__KINDS', '[1]', (c) => c.synchronizer.filter, { KINDS: [1] }],
    ])('reads %s=%s', (name, text, pick, expected) => {
      expect(pick(load({ env: { [name]: text } }))).toEqual(expected);
    });

    it('merges a whole section below its single keys, whatever their order', () => {
      const env = {
        BIGBROTR__NETWORKS__CLEARNET__TIMEOUT: '3s',
        BIGBROTR__NETWORKS__CLEARNET: '{"timeout":"9s","maxTasks":9}',
      };

      const { clearnet } = load({ env, file: file('networks: { clearnet: { enabled: false } }') }).networks;

      expect(clearnet).toMatchObject({ enabled: false, timeout: 3000, maxTasks: 9 });
    });

    it.each<[string, string, (config: z.output<typeof schema>) => unknown, unknown]>([
      ['DATABASE_URL', 'postgres://u:p@h/d', (c) => c.database.url, 'postgres://u:p@h/d'],
      ['REDIS_URL', 'redis://h', (c) => c.queue.redisUrl, 'redis://h'],
      ['PORT', '9000', (c) => c.api.port, 9000],
      ['BIGBROTR_API_TOKEN', '007', (c) => c.api.token, '007'],
      ['BIGBROTR_VIEWER_TOKEN', 'v', (c) => c.api.viewerToken, 'v'],
      ['NOSTR_PRIVATE_KEY', '1'.repeat(64), (c) => c.nostr.privateKey, '1'.repeat(64)],
      ['BIGBROTR_DATA_DIR', '/data', (c) => c.dataDir, '/data'],
    ])('knows %s', (name, text, pick, expected) => {
      expect(pick(load({ env: { [name]: text } }))).toBe(expected);
      expect(pick(load({ env: { [`${name}_FILE`]: file(`${text}\n`, 'plain-secret') } }))).toBe(expected);
    });

    it('prefers the override to the plain variable', () => {
      expect(load({ env: { BIGBROTR__API__PORT: '1', PORT: '2' } }).api.port).toBe(1);
    });

    it('takes an empty section, and a null, for one that is not set', () => {
      expect(load({ file: file('seeder:\napi:\n  port: null\n') }).api.port).toBe(8080);
    });

    it('takes an empty file', () => {
      expect(load({ file: file('# nothing yet\n') }).api.port).toBe(8080);
    });

    it('skips a plain variable whose section this program has not', () => {
      expect(loadConfig({ schema: z.strictObject({ a: z.int().default(1) }), env: { PORT: '9000' } })).toEqual({
        a: 1,
      });
    });

    it('reads a flag that is text like a variable, and skips one that is undefined', () => {
      const flags = { 'worker.concurrency': '4', 'networks.tor.max_tasks': 5, 'api.port': undefined };

      const config = load({ flags });

      expect([config.worker.concurrency, config.networks.tor.maxTasks, config.api.port]).toEqual([4, 5, 8080]);
    });
  });

  describe('secrets', () => {
    it('replaces ${NAME} within a text, and reads a lone one as its key needs it', () => {
      const yaml = file(
        'database: { url: "postgres://u:${PASSWORD}@h/d" }\napi: { port: "${HTTP_PORT}", token: "${TOKEN}" }\n',
      );

      const config = load({ file: yaml, env: { PASSWORD: 'p', HTTP_PORT: '81', TOKEN: '42' } });

      expect([config.database.url, config.api.port, config.api.token]).toEqual(['postgres://u:p@h/d', 81, '42']);
    });

    it.each(['${TOKEN_FILE}', '${TOKEN}'])('reads the file that %s leads to, trimmed', (written) => {
      const yaml = file(`api: { token: "${written}" }`);

      expect(load({ file: yaml, env: { TOKEN_FILE: file('  s3cret\n', 'token') } }).api.token).toBe('s3cret');
    });

    it('does not look into what it has put in', () => {
      expect(load({ file: file('api: { token: "${A}" }'), env: { A: '${B}' } }).api.token).toBe('${B}');
    });

    it('leaves $${ as a plain ${', () => {
      expect(load({ file: file('seeder: { file: "$${HOME}/x" }') }).seeder.file).toBe('${HOME}/x');
    });

    it('names the missing one, its key, its line and the ways to set it', () => {
      expect(lines({ file: file('# first line\ndatabase:\n  url: ${DB_URL}\n') })).toEqual([
        'database.url: the variable DB_URL is not set (config.yaml:3). Set DB_URL, or DB_URL_FILE to the path of a file that holds it.',
      ]);
    });

    it('does not complain a second time about the key that lacks it', () => {
      expect(lines({ file: file('synchronizer: { overrides: [{ url: "${NOPE}" }] }') })).toEqual([
        expect.stringMatching(/^synchronizer\.overrides\.0\.url: the variable NOPE is not set/),
      ]);
    });

    it('does without one whose key is set elsewhere', () => {
      const yaml = file('database: { url: "${NOT_SET}" }');

      expect(load({ file: yaml, env: { DATABASE_URL: 'postgres://h/d' } }).database.url).toBe('postgres://h/d');
    });

    it.each([
      ['/no/such/file', '/no/such/file, named by TOKEN_FILE, cannot be read: no such file'],
      ['/', '/, named by TOKEN_FILE, cannot be read: it is a directory'],
    ])('says why the file %s cannot be read', (path, problem) => {
      expect(lines({ file: file('api:\n  token: ${TOKEN_FILE}\n'), env: { TOKEN_FILE: path } })).toEqual([
        `api.token: ${problem} (config.yaml:2). Correct TOKEN_FILE.`,
      ]);
    });

    it('refuses a secret file that is empty', () => {
      expect(lines({ env: { BIGBROTR_API_TOKEN_FILE: file('\n', 'empty') } })).toEqual([
        `api.token: ${join(directory, 'empty')}, named by BIGBROTR_API_TOKEN_FILE, is empty. Write the value into it.`,
      ]);
    });

    it('refuses what is no name', () => {
      expect(lines({ file: file('api: { token: "${TOKEN:-none}" }') })[0]).toContain(
        'something other than the name of a variable',
      );
    });

    it('prints no secret, however wrong it is', () => {
      const message = complaint({
        file: file(
          'database: { url: "postgras://u:S3CRET@h/d" }\nseeder: { file: [S3CRET] }\nlog: { level: "${LEVEL}" }\napi: { token: [S3CRET], host: "" }\n',
        ),
        env: {
          LEVEL: 'S3CRET',
          NOSTR_PRIVATE_KEY: 'S3CRET',
          REDIS_URL: 'S3CRET',
          BIGBROTR__NETWORKS__TOR__PROXY_URL: 'S3CRET',
          BIGBROTR__API__VIEWER_TOKEN: '["S3CRET"]',
          BIGBROTR__API__TOKENS: 'S3CRET',
        },
      });

      expect(message).not.toContain('S3CRET');
      expect(message.split('\n')).toHaveLength(10);
    });
  });

  describe('complaints', () => {
    it.each<[string, string, string]>([
      [
        'networks:\n  clearnet:\n    maxTaks: 5\n',
        'networks.clearnet.maxTaks: unknown key (config.yaml:3). Did you mean maxTasks?',
        'unknown key',
      ],
      ['netwroks: {}\n', 'netwroks: unknown key (config.yaml:1). Did you mean networks?', 'unknown section'],
      [
        'worker: { fish: 1 }\n',
        'worker.fish: unknown key (config.yaml:1). Remove it; known here: concurrency.',
        'unknown key like no other',
      ],
      [
        'worker: { concurrency: ten }\n',
        'worker.concurrency: expected a number, got "ten" (config.yaml:1). Write digits without quotes or a unit.',
        'wrong type',
      ],
      [
        'worker: { concurrency: 1.5 }\n',
        'worker.concurrency: expected a whole number, got 1.5 (config.yaml:1). Write digits without quotes or a unit.',
        'fraction',
      ],
      [
        'worker: 5\n',
        'worker: expected a section, got 5 (config.yaml:1). Write its keys on indented lines below it.',
        'no section',
      ],
      [
        'worker: { concurrency: 0 }\n',
        'worker.concurrency: is too small, got 0 (config.yaml:1). Use 1 or more.',
        'too small',
      ],
      ['api: { port: 70000 }\n', 'api.port: is too large, got 70000 (config.yaml:1). Use 65535 or less.', 'too large'],
      [
        'api: { host: "" }\n',
        'api.host: is too short, got "" (config.yaml:1). Use 1 or more characters.',
        'empty text',
      ],
      [
        'networks:\n  clearnet:\n    timeout: 10 sec\n',
        'networks.clearnet.timeout: expected a duration, got "10 sec" (config.yaml:3). For example: 30s, 5m, 24h.',
        'bad duration',
      ],
      [
        'networks: { clearnet: { timeout: 10 } }\n',
        'networks.clearnet.timeout: expected a text, got 10 (config.yaml:1). For example: 30s, 5m, 24h.',
        'duration without unit',
      ],
      [
        'verify: { engine: nativ }\n',
        'verify.engine: is none of the allowed values, got "nativ" (config.yaml:1). Did you mean native? Allowed: auto, native, wasm, js.',
        'unknown word',
      ],
      [
        'log: { pretty: nice }\n',
        'log.pretty: fits none of the allowed forms, got "nice" (config.yaml:1). Use true or false or auto.',
        'no form of a union',
      ],
      [
        'queue: { redisUrl: cache }\n',
        'queue.redisUrl: expected a Redis URL (config.yaml:1). For example: redis://:password@host:6379/0.',
        'no URL',
      ],
      [
        'networks: { tor: { enabled: true } }\n',
        'networks.tor.proxyUrl: is not set, and an enabled overlay is reached through its proxy alone (config.yaml:1). For example: socks5h://127.0.0.1:9050.',
        'overlay without proxy',
      ],
      [
        'synchronizer:\n  overrides:\n    - url: wss://a\n    - url: wss://b\n      timeuot: 5s\n',
        'synchronizer.overrides.1.timeuot: unknown key (config.yaml:5). Did you mean timeout?',
        'unknown key in a list',
      ],
      [
        'synchronizer:\n  overrides:\n    - disabled: true\n',
        'synchronizer.overrides.0.url: is not set (config.yaml:3). It has no default: set it to a text.',
        'missing key in a list',
      ],
      [
        'api: { token: a, viewerToken: a }\n',
        'api.viewerToken: is the same as the operator token (config.yaml:1). Correct it.',
        'one token for two',
      ],
    ])('%j', (yaml, line) => {
      expect(lines({ file: file(yaml) })).toEqual([line]);
    });

    it('lists everything at once, with where each came from', () => {
      const problem = complaint({
        file: file('worker: { concurrency: 0 }\narchive: { profil: light }\n'),
        env: { PORT: 'http', BIGBROTR__NETWORKS__CLEARNET__MAXTASK: '5', BIGBROTR__LOG__LEVEL: 'loud' },
        flags: { 'verify.engine': 'js', 'geo.contryDb': 'x' },
      });

      expect(problem.split('\n')).toEqual([
        'The configuration has 6 problems:',
        '  BIGBROTR__NETWORKS__CLEARNET__MAXTASK: sets no known key. Did you mean BIGBROTR__NETWORKS__CLEARNET__MAX_TASKS?',
        '  geo.contryDb: unknown key (command line). Did you mean geo.countryDb?',
        '  archive.profil: unknown key (config.yaml:2). Did you mean profile?',
        '  api.port: expected a number, got "http" (PORT). Write digits without quotes or a unit.',
        '  worker.concurrency: is too small, got 0 (config.yaml:1). Use 1 or more.',
        '  log.level: is none of the allowed values, got "loud" (BIGBROTR__LOG__LEVEL). Allowed: error, warn, info, debug, trace, silent.',
      ]);
    });

    it.each([
      ['BIGBROTR__FISH', 'BIGBROTR__FISH: sets no known key. See `bigbrotr config schema` for the keys there are.'],
      ['BIGBROTR__', 'BIGBROTR__: sets no known key. See `bigbrotr config schema` for the keys there are.'],
      [
        'BIGBROTR__WORKER__CONCURRENCY__MAX',
        'BIGBROTR__WORKER__CONCURRENCY__MAX: sets no known key. See `bigbrotr config schema` for the keys there are.',
      ],
      [
        'BIGBROTR__API____proto__',
        'BIGBROTR__API____proto__: sets no known key. See `bigbrotr config schema` for the keys there are.',
      ],
      [
        'BIGBROTR__ARCHIVE__PROFLE',
        'BIGBROTR__ARCHIVE__PROFLE: sets no known key. Did you mean BIGBROTR__ARCHIVE__PROFILE?',
      ],
    ])('refuses the override %s', (name, line) => {
      expect(lines({ env: { [name]: '5' } })).toEqual([line]);
    });

    it('is a typed error that ends the process', () => {
      expect(() => load({ file: file('fish: 1') })).toThrow(
        expect.objectContaining({
          name: 'ConfigError',
          code: 'bad-config',
          recovery: 'shut-down',
          detail: { issues: 1 },
        }),
      );
    });

    it('says that the file is not there', () => {
      expect(lines({ file: '/no/such/config.yaml' })).toEqual([
        '/no/such/config.yaml: cannot be read: no such file. Check the path given by --config or BIGBROTR_CONFIG.',
      ]);
    });

    it.each([
      ['api:\n  port: 1\n host: x\n', 'bad indent in line 3, column 1', 'Check the indentation and the quotes there.'],
      ['api:\n\tport: 1\n', 'tab as indent in line 2, column 1', 'Indent with spaces.'],
      ['api: {}\napi: {}\n', 'duplicate key in line 2, column 1', 'Keep one of the two keys.'],
      [
        'api: {}\n---\napi: {}\n',
        'multiple docs in line 2, column 1',
        'Keep one document per file: remove the "---" line.',
      ],
      ['a: 1\napi: "x\n', 'missing char in line 3, column 1', 'Check the indentation and the quotes there.'],
      ['api: {token: @S3CRET}\n', 'bad scalar start in line 1, column 14', 'Put the value in quotes.'],
    ])('finds the line of the fault in %j', (yaml, fault, advice) => {
      const found = lines({ file: file(yaml) });

      expect(found).toContain(`${join(directory, 'config.yaml')}: is not valid YAML: ${fault}. ${advice}`);
      expect(found.join()).not.toContain('S3CRET');
    });

    it.each([
      ['- a\n- b\n', 'holds no sections. Write one key per section, such as "database:".'],
      ['just words\n', 'holds no sections. Write one key per section, such as "database:".'],
      [
        `a: &a [1]\nb: [${'*a, '.repeat(200)}1]\n`,
        'is not valid YAML: an alias cannot be resolved. Define the anchor before its alias.',
      ],
    ])('refuses %j', (yaml, line) => {
      expect(lines({ file: file(yaml) })).toEqual([`${join(directory, 'config.yaml')}: ${line}`]);
    });

    it('refuses a file that is no configuration by its size', () => {
      expect(lines({ file: file(`# ${'x'.repeat(1_100_000)}`) })[0]).toContain('is larger than 1048576 bytes');
    });

    it('refuses the key that prototypes are made of', () => {
      expect(lines({ file: file('__proto__: { polluted: true }\n') })[0]).toContain('__proto__: unknown key');
      expect({}).not.toHaveProperty('polluted');
    });
  });
});
