import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { classifyAddress, type AddressClass } from './address.js';

const known: Record<AddressClass, readonly string[]> = {
  public: [
    ...['8.8.8.8', '1.1.1.1', '100.63.255.255', '100.128.0.0', '172.15.255.255', '172.32.0.1', '169.253.1.1'],
    ...['198.17.255.255', '198.20.0.1', '11.0.0.1', '223.255.255.255', '192.0.1.1'],
    ...['2001:4860:4860::8888', '2606:4700::1', '2A00:1450::1', '3ffe::1'],
  ],
  loopback: ['127.0.0.1', '127.255.255.255', '::1', '0:0:0:0:0:0:0:1'],
  private: [
    ...['10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1', '100.64.0.1', '100.127.255.255'],
    ...['fc00::1', 'fd12:3456:789a::1', 'fdff:ffff::'],
  ],
  never: [
    // Link-local and the metadata services of clouds.
    ...['169.254.0.1', '169.254.169.254', 'fe80::1', 'febf::1', '168.63.129.16', '100.100.100.200'],
    ...['fd00:ec2::254', 'fd00:0ec2:0:0:0:0:0:254', 'fd20:ce::254'],
    // Unspecified, broadcast, multicast.
    ...['0.0.0.0', '0.1.2.3', '::', '255.255.255.255', '224.0.0.1', '239.255.255.255', 'ff02::1'],
    // Documentation, benchmarks, protocols, the future, the past.
    ...['192.0.0.1', '192.0.2.1', '192.88.99.1', '198.18.0.1', '198.51.100.7', '203.0.113.9', '240.0.0.1'],
    ...['2001:db8::1', '3fff::1', '2001:2::1', '2001:10::1', '100::1', 'fec0::1', '4000::1', '5f00::1'],
    // IPv4 inside IPv6: mapped, compatible, translated, NAT64 (both prefixes), 6to4, Teredo.
    ...['::ffff:8.8.8.8', '::ffff:127.0.0.1', '::ffff:7f00:1', '::8.8.8.8', '::ffff:0:808:808', '64:ff9b::808:808'],
    ...['64:ff9b::10.0.0.1', '64:ff9b:1::1', '2002:7f00:1::1', '2002:808:808::1', '2001:0:808:808::1'],
    // No address in the usual form.
    ...['', 'relay.example.com', '127.1', '0177.0.0.1', '0x7f.0.0.1', '2130706433', '256.1.1.1', '1.2.3', '1.2.3.4 '],
    ...['[::1]', 'fe80::1%eth0', 'fd00:ec2::254%eth0', '1::2::3', ':', '::g'],
  ],
};

describe('classifyAddress', () => {
  describe.each(Object.entries(known))('%s', (expected, addresses) => {
    it.each([...addresses])('%j', (ip) => {
      expect(classifyAddress(ip)).toBe(expected);
    });
  });

  it('never throws and never calls IPv4 inside IPv6 public', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV4Extended(), fc.ipV6(), fc.string()), fc.ipV4(), (text, ipv4) => {
        expect(['public', 'loopback', 'private', 'never']).toContain(classifyAddress(text));
        expect(classifyAddress(`::ffff:${ipv4}`)).toBe('never');
        expect(classifyAddress(`64:ff9b::${ipv4}`)).toBe('never');
      }),
      { seed: 7, numRuns: 500 },
    );
  });
});
