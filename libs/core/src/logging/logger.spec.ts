import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { createLogger, type LogDestination } from './logger.js';

function capture(isTTY = false): LogDestination & { readonly lines: string[] } {
  const lines: string[] = [];
  return { lines, isTTY, write: (line) => lines.push(line) };
}

describe('createLogger', () => {
  it('writes one JSON document a line: data, level by name, ISO time, phrase', () => {
    const destination = capture();

    createLogger({ level: 'info', pretty: 'auto' }, { destination }).info({ relay: 7 }, 'relay promoted');

    expect(destination.lines).toHaveLength(1);
    const line: unknown = JSON.parse(destination.lines[0]!);
    expect(line).toMatchObject({ level: 'info', relay: 7, msg: 'relay promoted', pid: process.pid });
    expect(line).toHaveProperty('time', expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/));
  });

  it('keeps quiet below its level', () => {
    const destination = capture();
    const log = createLogger({ level: 'warn', pretty: false }, { destination });

    log.info({}, 'unheard');
    log.debug({}, 'unheard');
    log.warn({}, 'heard');

    expect(destination.lines).toHaveLength(1);
    expect(log.isLevelEnabled('debug')).toBe(false);
  });

  it('is pretty on a terminal, and there only', () => {
    const terminal = capture(true);
    const pipe = capture(false);

    createLogger({ level: 'info', pretty: 'auto' }, { destination: terminal }).info({ relay: 7 }, 'relay promoted');
    createLogger({ level: 'info', pretty: true }, { destination: pipe }).info({ relay: 7 }, 'relay promoted');

    expect(terminal.lines.join('')).toMatch(/INFO.*relay promoted.*\n$/s);
    expect(terminal.lines.join('')).toContain('\u001b[');
    expect(pipe.lines.join('')).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: relay promoted {"relay":7}\n$/);
  });

  it('masks secrets and credentials, in lines and in bindings', () => {
    const destination = capture();
    const log = createLogger({ level: 'info', pretty: false }, { destination });

    log
      .child({ token: 'S3CRET' })
      .info({ database: { url: 'postgres://u:S3CRET@h/d' }, privateKey: 'S3CRET' }, 'started');

    expect(destination.lines.join('')).not.toContain('S3CRET');
    expect(JSON.parse(destination.lines[0]!)).toMatchObject({
      token: '***',
      database: { url: 'postgres://u:***@h/d' },
      privateKey: '***',
    });
  });

  it('serializes errors under err', () => {
    const destination = capture();

    createLogger({ level: 'info', pretty: false }, { destination }).error(
      { err: new RangeError('too far') },
      'sweep failed',
    );

    expect(JSON.parse(destination.lines[0]!)).toMatchObject({
      level: 'error',
      err: { type: 'RangeError', message: 'too far' },
    });
  });

  it('takes only literals for phrases', () => {
    const log = createLogger({ level: 'silent', pretty: false }, { destination: capture() });
    const relay = String(Math.random());

    // @ts-expect-error what varies belongs into the data
    log.info({}, `relay ${relay} promoted`);
    log.info({ relay }, relay === '' ? 'no relay' : 'relay promoted');
  });

  it.each([false, true])('has written every line by the time that it returns (pretty: %s)', (pretty) => {
    const file = join(mkdtempSync(join(tmpdir(), 'logger-')), 'log');
    const fd = openSync(file, 'w');
    const log = createLogger({ level: 'info', pretty }, { destination: { fd, write: () => undefined } });

    for (let i = 0; i < 2000; i++) log.info({ i }, 'line');
    const written = readFileSync(file, 'utf8').trimEnd().split('\n');
    closeSync(fd);

    expect(written).toHaveLength(2000);
    expect(written.at(-1)).toContain('1999');
  });
});
