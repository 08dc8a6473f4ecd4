import { afterEach, describe, expect, it } from '@jest/globals';
import { parseRelayUrl, type RelayUrl } from '@bigbrotr/models';
import { startDnsServer, startTcpServer, type DnsServer } from '@bigbrotr/testing';
import { createDialer } from './dialer.js';
import { addressesInHosts, createLookup } from './lookup.js';

const never = new AbortController().signal;
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function nameServer(...zone: Parameters<typeof startDnsServer>): Promise<DnsServer> {
  const server = await startDnsServer(...zone);
  cleanups.push(() => server.close());
  return server;
}

describe('createLookup', () => {
  it('gives the addresses of both families in turn, IPv4 first', async () => {
    const { address } = await nameServer(() => ({ a: ['192.0.2.1', '192.0.2.2'], aaaa: ['2001:db8::1'] }));
    const lookup = createLookup([address]);
    expect(await lookup('relay.example', { network: 'clearnet', signal: never })).toEqual([
      '192.0.2.1',
      '2001:db8::1',
      '192.0.2.2',
    ]);
  });

  it('is content with one family', async () => {
    const { address } = await nameServer(() => ({ aaaa: ['2001:db8::1'] }));
    const lookup = createLookup([address]);
    expect(await lookup('relay.example', { network: 'clearnet', signal: never })).toEqual(['2001:db8::1']);
  });

  it.each([
    ['no such name', undefined, 'ENOTFOUND'],
    ['no address', {}, 'ENODATA'],
  ])('tells %s', async (_, records, code) => {
    const { address } = await nameServer(() => records);
    await expect(
      createLookup([address])('relay.example', { network: 'clearnet', signal: never }),
    ).rejects.toMatchObject({ code });
  });

  it('leaves a silent name server as soon as it is told to', async () => {
    const { address, questions } = await nameServer(() => 'silent');
    const start = performance.now();
    const looking = createLookup([address])('relay.example', { network: 'clearnet', signal: AbortSignal.timeout(100) });
    await expect(looking).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(performance.now() - start).toBeLessThan(1000);
    expect(questions.toSorted()).toEqual(['a relay.example', 'aaaa relay.example']);
  });

  it('asks the system when no name server is there', async () => {
    const nobody = await startTcpServer(() => undefined);
    await nobody.close();
    const lookup = createLookup([`127.0.0.1:${nobody.port}`]);
    expect(await lookup('127.0.0.9', { network: 'clearnet', signal: never })).toEqual(['127.0.0.9']);
  });

  it('asks the system for local names only, and DNS never for them', async () => {
    const { address, questions } = await nameServer(() => ({ a: ['8.8.8.8'] }));
    const found = await createLookup([address])('localhost', { network: 'local', signal: never });
    expect(found).toContain('127.0.0.1');
    expect(questions).toEqual([]);
  });

  it('does not start for somebody who has left', async () => {
    const lookup = createLookup(undefined);
    const signal = AbortSignal.abort(new Error('left'));
    await expect(lookup('localhost', { network: 'local', signal })).rejects.toThrow('left');
    await expect(lookup('relay.example', { network: 'clearnet', signal })).rejects.toThrow('left');
  });

  it('is what the dialer uses: private answers of real DNS are refused, overlay names never reach it', async () => {
    const { address, questions } = await nameServer(() => ({ a: ['8.8.8.8', '127.0.0.1'] }));
    const network = { enabled: true, timeoutMs: 1000 };
    const { dial, httpGet, resolveFacts } = createDialer({
      networks: { clearnet: network, tor: network, i2p: network, loki: network, local: network },
      dnsServers: [address],
    });
    const url = (text: string): RelayUrl => {
      const parsed = parseRelayUrl(text);
      if (!parsed.ok) throw new Error(parsed.reason);
      return parsed.url;
    };
    const refused = { ok: false, failure: { reason: 'blocked', code: 'private-address' } };
    expect(await dial(url('wss://relay.example.com'), { signal: never })).toEqual(refused);
    expect(questions).toHaveLength(2);

    for (const host of [`${'a'.repeat(56)}.onion`, 'relay.i2p', `${'y'.repeat(52)}.loki`]) {
      await dial(url(`ws://${host}`), { signal: never });
      await httpGet(`http://${host}/`, { signal: never, timeoutMs: 1000, maxBytes: 1 });
      await resolveFacts(host, { signal: never, timeoutMs: 1000 });
    }
    expect(questions).toHaveLength(2);
  });
});

describe('addressesInHosts', () => {
  const hosts =
    '# comment\n127.0.0.1\tlocalhost box\n::1 localhost # again\n\n  192.0.2.7 Relay.Example alias\n#192.0.2.8 relay.example\n';

  it.each([
    ['localhost', ['127.0.0.1', '::1']],
    ['relay.example', ['192.0.2.7']],
    ['alias', ['192.0.2.7']],
    ['again', []],
    ['127.0.0.1', []],
    ['', []],
  ])('%p is at %j', (name, addresses) => {
    expect(addressesInHosts(hosts, name)).toEqual(addresses);
  });
});
