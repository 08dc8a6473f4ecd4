import { describe, expect, it } from '@jest/globals';
import type { Network } from '@bigbrotr/models';
import { checkAddresses, checkPort } from './address-law.js';
import { WireFailure } from './wire-failure.js';

function verdict(check: () => void): string | undefined {
  try {
    check();
    return 'allowed';
  } catch (error) {
    return error instanceof WireFailure ? `${error.failure.reason} ${error.failure.code ?? ''}` : undefined;
  }
}

describe('the law of ports', () => {
  it.each([80, 443, 1024, 4848, 7777, 8080, 8443, 65_535])('allows %i', (port) => {
    expect(verdict(() => checkPort(port, 'clearnet'))).toBe('allowed');
  });

  it.each([0, 1, 22, 25, 81, 1023, 2375, 3306, 5432, 6379, 9200, 11_211, 27_017, 65_536])('refuses %i', (port) => {
    expect(verdict(() => checkPort(port, 'clearnet'))).toBe('blocked port');
    expect(verdict(() => checkPort(port, 'tor'))).toBe('blocked port');
  });

  it.each([
    [1, 'allowed'],
    [22, 'allowed'],
    [6379, 'allowed'],
    [65_535, 'allowed'],
    [0, 'blocked port'],
    [65_536, 'blocked port'],
  ])('on local: %i is %s', (port, expected) => {
    expect(verdict(() => checkPort(port, 'local'))).toBe(expected);
  });
});

const PRIVATE = [
  '127.0.0.1',
  '127.255.255.254',
  '::1',
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '100.64.0.1',
  'fc00::1',
  'fd12:3456::1',
];

const NEVER = [
  '0.0.0.0',
  '0.1.2.3',
  '::',
  '169.254.169.254',
  '169.254.1.1',
  'fe80::1',
  'fec0::1',
  '224.0.0.1',
  'ff02::1',
  '255.255.255.255',
  '240.0.0.1',
  '192.0.2.1',
  '198.51.100.7',
  '203.0.113.9',
  '2001:db8::1',
  '100.100.100.200',
  'fd00:ec2::254',
  '::ffff:127.0.0.1',
  '::ffff:10.0.0.1',
  '::ffff:8.8.8.8',
  '::ffff:a9fe:a9fe',
  '::127.0.0.1',
  '64:ff9b::127.0.0.1',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::1',
  '2002:7f00:1::1',
  '2001:0:4136:e378:8000:63bf:3fff:fdd2',
  'not an address',
  '',
];

describe('the law of addresses', () => {
  const check = (addresses: readonly string[], network: Network): string | undefined =>
    verdict(() => checkAddresses(addresses, network));

  it.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '2606:4700:4700::1111'])('everybody may go to %s', (address) => {
    expect(check([address], 'clearnet')).toBe('allowed');
    expect(check([address], 'local')).toBe('allowed');
  });

  it.each(PRIVATE)('only local may go to %s', (address) => {
    expect(check([address], 'clearnet')).toBe('blocked private-address');
    expect(check([address], 'local')).toBe('allowed');
  });

  it.each(NEVER)('nobody may go to %p', (address) => {
    expect(check([address], 'clearnet')).toBe('blocked reserved-address');
    expect(check([address], 'local')).toBe('blocked reserved-address');
  });

  it.each([...PRIVATE, ...NEVER])('one %p condemns the whole name', (address) => {
    expect(check(['8.8.8.8', '1.1.1.1', address], 'clearnet')).toMatch(/^blocked /);
    expect(check([address, '8.8.8.8'], 'clearnet')).toMatch(/^blocked /);
  });
});
