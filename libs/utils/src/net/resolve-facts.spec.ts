import { afterEach, describe, expect, it } from '@jest/globals';
import { startDnsServer, type DnsRecords, type DnsServer } from '@bigbrotr/testing';
import { resolveFactsOf } from './resolve-facts.js';

const never = new AbortController().signal;
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function nameServer(zone: Readonly<Record<string, DnsRecords>>): Promise<DnsServer> {
  const server = await startDnsServer((name) => zone[name]);
  cleanups.push(() => server.close());
  return server;
}

describe('resolveFactsOf', () => {
  it('gathers what DNS knows of a name', async () => {
    const { address, questions } = await nameServer({
      'relay.example.com': {
        a: ['192.0.2.1', '192.0.2.2'],
        aaaa: ['2001:db8::1'],
        cname: ['edge.example.net'],
        ttl: 300,
      },
      'example.com': { ns: ['ns2.example.net', 'ns1.example.net'] },
      '1.2.0.192.in-addr.arpa': { ptr: ['host.example.net'] },
    });
    expect(await resolveFactsOf('relay.example.com', [address], never)).toEqual({
      a: ['192.0.2.1', '192.0.2.2'],
      aaaa: ['2001:db8::1'],
      ttl: 300,
      cname: 'edge.example.net',
      ns: ['ns1.example.net', 'ns2.example.net'],
      ptr: 'host.example.net',
    });
    expect(questions).toContain('ns example.com');
  });

  it('takes what there is', async () => {
    const { address } = await nameServer({ 'relay.example.com': { aaaa: ['2001:db8::1'] } });
    expect(await resolveFactsOf('RELAY.example.com', [address], never)).toEqual({
      a: [],
      aaaa: ['2001:db8::1'],
      ns: [],
      ttl: 60,
    });
  });

  it('knows nothing of a name that does not exist', async () => {
    const { address } = await nameServer({});
    expect(await resolveFactsOf('relay.example.com', [address], never)).toBeUndefined();
  });

  it.each([
    `${'a'.repeat(56)}.onion`,
    'broken.onion',
    'relay.i2p',
    `${'y'.repeat(52)}.loki`,
    'localhost',
    'relay.local',
    '8.8.8.8',
    '[::1]',
    '',
    'a b',
  ])('asks nobody about %p', async (host) => {
    const { address, questions } = await nameServer({});
    expect(await resolveFactsOf(host, [address], never)).toBeUndefined();
    expect(questions).toEqual([]);
  });

  it('keeps a bound on what a name server may send', async () => {
    const many = Array.from({ length: 200 }, (_, index) => `192.0.2.${index}`);
    const { address } = await nameServer({ 'relay.example.com': { a: many } });
    expect((await resolveFactsOf('relay.example.com', [address], never))?.a).toHaveLength(32);
  });

  it('gives up when it is told to', async () => {
    const server = await startDnsServer(() => 'silent');
    cleanups.push(() => server.close());
    const start = performance.now();
    expect(await resolveFactsOf('relay.example.com', [server.address], AbortSignal.timeout(100))).toBeUndefined();
    expect(performance.now() - start).toBeLessThan(1000);
    expect(server.questions).toHaveLength(4);

    expect(await resolveFactsOf('relay.example.com', [server.address], AbortSignal.abort())).toBeUndefined();
    expect(server.questions).toHaveLength(4);
  });

  it('keeps what came before it was told to give up', async () => {
    const server = await startDnsServer((name) => (name === 'relay.example.com' ? { a: ['192.0.2.1'] } : 'silent'));
    cleanups.push(() => server.close());
    const facts = await resolveFactsOf('relay.example.com', [server.address], AbortSignal.timeout(200));
    expect(facts).toEqual({ a: ['192.0.2.1'], aaaa: [], ns: [], ttl: 60 });
  });
});
