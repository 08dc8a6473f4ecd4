import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { stamp } from './stamp.js';

const PRELOAD = fileURLToPath(new URL('../../../testing/bin/forbid-unstamped.cjs', import.meta.url));

/** Runs a script under the preload and gives what it wrote. */
function run(script: string, log = ''): Promise<string> {
  const env = { PATH: process.env['PATH'], BIGBROTR_UNSTAMPED_LOG: log };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--require', PRELOAD, '--input-type=module', '-e', script],
      { env },
      (_, stdout, stderr) => {
        resolve(stdout + stderr);
      },
    );
  });
}

/** What the dialer's stamp does, in words that a script without a compiler understands. */
const STAMP = `const stamp = (opened) => Object.defineProperty(opened, Symbol.for('bigbrotr.dialer'), { value: true });`;

describe('stamp', () => {
  it('marks what the dialer opens, and nothing else sees it', () => {
    const options = stamp({ all: true });
    expect(options).toEqual({ all: true });
    expect(Object.getOwnPropertySymbols(options)).toEqual([Symbol.for('bigbrotr.dialer')]);
  });

  it.each([
    ['net', `import net from 'node:net'; net.connect(443, '192.0.2.1').on('error', () => {});`],
    [
      'net by name',
      `import { connect } from 'node:net'; connect({ host: 'relay.example', port: 443 }).on('error', () => {});`,
    ],
    ['tls', `import { connect } from 'node:tls'; connect({ host: '192.0.2.1', port: 443 }).on('error', () => {});`],
    ['fetch', `await fetch('http://192.0.2.1/').catch((error) => { throw error.cause ?? error; });`],
    [
      'http',
      `import http from 'node:http'; http.get('http://192.0.2.1/').on('error', (error) => console.log(error.message));`,
    ],
    ['dns.lookup', `import { lookup } from 'node:dns'; lookup('relay.example', () => {});`],
    ['promised lookup', `import { lookup } from 'node:dns/promises'; await lookup('relay.example');`],
    ['dns.resolve4', `import { resolve4 } from 'node:dns/promises'; await resolve4('relay.example');`],
    ['reverse', `import dns from 'node:dns'; dns.reverse('192.0.2.1', () => {});`],
    ['a resolver', `import { Resolver } from 'node:dns/promises'; await new Resolver().resolveNs('relay.example');`],
  ])('without it, %s does not leave the machine', async (_, script) => {
    expect(await run(script)).toContain('not opened by the dialer');
  });

  it.each([
    [
      'a socket',
      `import { Socket } from 'node:net'; const socket = stamp(new Socket()).on('error', () => {}); socket.connect({ host: '192.0.2.1', port: 1 }); socket.destroy();`,
    ],
    ['a look-up', `import { lookup } from 'node:dns/promises'; lookup('192.0.2.1', stamp({ all: true }));`],
    [
      'a resolver',
      `import { Resolver } from 'node:dns/promises'; const resolver = stamp(new Resolver()); resolver.resolve4('relay.example').catch(() => {}); resolver.cancel();`,
    ],
  ])('with it, %s does', async (_, script) => {
    expect(await run(`${STAMP}${script} console.log('done');`)).toBe('done\n');
  });

  it('is not needed on loopback', async () => {
    const script = `
      import { createServer } from 'node:http';
      import { lookup } from 'node:dns/promises';
      const server = createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1', async () => {
        await lookup('localhost');
        for (const host of ['127.0.0.1', 'localhost']) console.log(await (await fetch('http://' + host + ':' + server.address().port)).text());
        server.closeAllConnections();
        server.close();
      });`;
    expect(await run(script)).toBe('ok\nok\n');
  });

  it('leaves a note when somebody swallows the error', async () => {
    const log = join(tmpdir(), `unstamped-${process.pid}.log`);
    await run(`import net from 'node:net'; try { net.connect(443, '192.0.2.1') } catch {}`, log);
    expect(await readFile(log, 'utf8')).toContain('not opened by the dialer: connection to 192.0.2.1:443');
    await rm(log);
  });
});
