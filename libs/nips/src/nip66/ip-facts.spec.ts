import { describe, it, expect } from '@jest/globals';
import { geoFacts, geohash, netFacts, type IpDatabase } from './ip-facts.js';

function database(records: Readonly<Record<string, unknown>>, prefixLength = 24): IpDatabase {
  return { lookUp: (address) => (address in records ? { record: records[address], prefixLength } : undefined) };
}

const AMSTERDAM = {
  continent: { code: 'EU', names: { en: 'Europe' } },
  country: {
    iso_code: 'NL',
    geoname_id: 2_750_405,
    is_in_european_union: true,
    names: { en: 'The Netherlands', de: 'Niederlande' },
  },
  subdivisions: [{ iso_code: 'NH', names: { en: 'North Holland' } }],
  city: { geoname_id: 2_759_794, names: { en: 'Amsterdam' } },
  postal: { code: '1012' },
  location: { latitude: 52.374, longitude: 4.8897, accuracy_radius: 20, time_zone: 'Europe/Amsterdam' },
};

describe('geoFacts', () => {
  it('tells all that a city database knows', () => {
    expect(geoFacts({ v4: '192.0.2.1' }, { city: database({ '192.0.2.1': AMSTERDAM }) })).toEqual({
      geo_country: 'NL',
      geo_country_name: 'The Netherlands',
      geo_continent: 'EU',
      geo_continent_name: 'Europe',
      geo_is_eu: true,
      geo_region: 'North Holland',
      geo_city: 'Amsterdam',
      geo_postal: '1012',
      geo_lat: 52.374,
      geo_lon: 4.8897,
      geo_accuracy: 20,
      geo_tz: 'Europe/Amsterdam',
      geo_hash: 'u173zq2sd',
      geo_geoname_id: 2_759_794,
    });
  });

  it.each([
    ['the country database', { country: database({ '192.0.2.1': { country_code: 'NL' } }) }, { geo_country: 'NL' }],
    [
      'the country that the address was given to',
      { city: database({ '192.0.2.1': { registered_country: { iso_code: 'DE', is_in_european_union: true } } }) },
      { geo_country: 'DE', geo_is_eu: true },
    ],
    [
      'a point on the equator',
      { city: database({ '192.0.2.1': { location: { latitude: 0, longitude: 0 } } }) },
      { geo_lat: 0, geo_lon: 0, geo_hash: 's00000000' },
    ],
    ['nothing in a record of nonsense', { city: database({ '192.0.2.1': 'x' }) }, undefined],
    ['nothing of an address that is not there', { city: database({}) }, undefined],
  ])('tells %s', (_, databases, expected) => {
    expect(geoFacts({ v4: '192.0.2.1' }, databases)).toEqual(expected);
  });
});

describe('netFacts', () => {
  const owner = (asn: number, name: string) => ({
    autonomous_system_number: asn,
    autonomous_system_organization: name,
  });

  it('names the owner of the IPv4 address, and both prefixes', () => {
    const asn: IpDatabase = {
      lookUp: (address) =>
        address.includes(':')
          ? { record: owner(64_497, 'Six'), prefixLength: 29 }
          : { record: owner(64_496, 'Four'), prefixLength: 22 },
    };

    expect(netFacts({ v4: '203.0.113.77', v6: '2001:db9:1::7' }, { asn })).toEqual({
      net_ip: '203.0.113.77',
      net_ipv6: '2001:db9:1::7',
      net_asn: 64_496,
      net_asn_org: 'Four',
      net_network: '203.0.112.0/22',
      net_network_v6: '2001:db8::/29',
    });
  });

  it('fills in from IPv6, and keeps addresses that nobody knows', () => {
    const asn = database({ '2001:db8::1': owner(64_497, 'Six') }, 32);

    expect(netFacts({ v4: '192.0.2.1', v6: '2001:db8::1' }, { asn })).toEqual({
      net_ip: '192.0.2.1',
      net_ipv6: '2001:db8::1',
      net_asn: 64_497,
      net_asn_org: 'Six',
      net_network_v6: '2001:db8::/32',
    });
    expect(netFacts({ v4: '192.0.2.1' }, { asn })).toEqual({ net_ip: '192.0.2.1' });
  });
});

describe('geohash', () => {
  // Worked examples of the scheme's own description.
  it.each([
    [57.64911, 10.40744, 11, 'u4pruydqqvj'],
    [42.605, -5.603, 5, 'ezs42'],
    [-90, -180, 3, '000'],
  ])('of %d, %d', (lat, lon, chars, expected) => {
    expect(geohash(lat, lon, chars)).toBe(expected);
  });
});
