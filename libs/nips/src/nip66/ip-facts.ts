import type { GeoData, NetData } from './checks.js';

/** A database of facts about addresses, e.g. a MaxMind file. */
export interface IpDatabase {
  /** What stands under the longest prefix that holds the address. Undefined when nothing does. */
  lookUp(address: string): { readonly record: unknown; readonly prefixLength: number } | undefined;
}

/** Those that the operator has. */
export interface IpDatabases {
  readonly country?: IpDatabase;
  readonly city?: IpDatabase;
  readonly asn?: IpDatabase;
}

export interface Addresses {
  readonly v4?: string;
  readonly v6?: string;
}

const GEOHASH_CHARS = 9;

/** Where an address is. The city's record says most; the country's is there for everybody. Undefined when neither knows. */
export function geoFacts({ v4, v6 }: Addresses, { city, country }: IpDatabases): GeoData | undefined {
  const address = v4 ?? v6;
  if (address === undefined) return undefined;
  const place = part(city?.lookUp(address)?.record);
  // Where nobody knows the place, the country that the address was given to.
  const nation = hasKeys(part(place['country'])) ? part(place['country']) : part(place['registered_country']);
  const location = part(place['location']);
  const region = part(Array.isArray(place['subdivisions']) ? place['subdivisions'][0] : undefined);
  const lat = numberOf(location['latitude']);
  const lon = numberOf(location['longitude']);
  const facts = {
    geo_country: textOf(nation['iso_code']) ?? textOf(part(country?.lookUp(address)?.record)['country_code']),
    geo_country_name: nameOf(nation),
    geo_continent: textOf(part(place['continent'])['code']),
    geo_continent_name: nameOf(part(place['continent'])),
    geo_is_eu: hasKeys(nation) ? nation['is_in_european_union'] === true : undefined,
    geo_region: nameOf(region) ?? textOf(region['iso_code']),
    geo_city: nameOf(part(place['city'])),
    geo_postal: textOf(part(place['postal'])['code']),
    geo_lat: lat,
    geo_lon: lon,
    geo_accuracy: numberOf(location['accuracy_radius']),
    geo_tz: textOf(location['time_zone']),
    geo_hash: lat === undefined || lon === undefined ? undefined : geohash(lat, lon, GEOHASH_CHARS),
    geo_geoname_id: numberOf(part(place['city'])['geoname_id']) ?? numberOf(nation['geoname_id']),
  };
  return known<GeoData>(facts);
}

/** Whose an address is. The addresses stand also where the database does not know them; IPv4's owner goes first. */
export function netFacts({ v4, v6 }: Addresses, { asn }: IpDatabases): NetData | undefined {
  const found4 = v4 === undefined ? undefined : asn?.lookUp(v4);
  const found6 = v6 === undefined ? undefined : asn?.lookUp(v6);
  const owners = [part(found4?.record), part(found6?.record)];
  const first = <T>(read: (owner: Record<string, unknown>) => T | undefined) =>
    owners.map(read).find((value) => value !== undefined);
  return known<NetData>({
    net_ip: v4,
    net_ipv6: v6,
    net_asn: first((owner) => numberOf(owner['autonomous_system_number'])),
    net_asn_org: first((owner) => textOf(owner['autonomous_system_organization'])),
    net_network: v4 !== undefined && found4 ? prefixOf4(v4, found4.prefixLength) : undefined,
    net_network_v6: v6 !== undefined && found6 ? prefixOf6(v6, found6.prefixLength) : undefined,
  });
}

const ALPHABET = '0123456789bcdefghjkmnpqrstuvwxyz';

/** The cell that holds the point (NIP-52's `g`), in so many characters of five bits each. */
export function geohash(lat: number, lon: number, chars: number): string {
  const cells = [
    { low: -180, high: 180, value: lon },
    { low: -90, high: 90, value: lat },
  ];
  let hash = '';
  let bits = 0;
  for (let bit = 0; bit < chars * 5; bit++) {
    const cell = cells[bit % 2];
    if (cell === undefined) break;
    const middle = (cell.low + cell.high) / 2;
    const upper = cell.value >= middle;
    if (upper) cell.low = middle;
    else cell.high = middle;
    bits = bits * 2 + (upper ? 1 : 0);
    if (bit % 5 === 4) {
      hash += ALPHABET.charAt(bits);
      bits = 0;
    }
  }
  return hash;
}

function prefixOf4(address: string, length: number): string {
  const value = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const start = Math.floor(value / 2 ** (32 - length)) * 2 ** (32 - length);
  return `${[24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256).join('.')}/${length}`;
}

function prefixOf6(address: string, length: number): string {
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = new Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0');
  const groups = [...left, ...(tail === undefined ? [] : zeros), ...right].map((group) => Number.parseInt(group, 16));
  const masked = groups.map((group, at) => {
    const kept = Math.min(16, Math.max(0, length - at * 16));
    return group & (0xffff << (16 - kept)) & 0xffff;
  });
  // The URL parser knows how IPv6 is written (RFC 5952).
  const written = new URL(`http://[${masked.map((group) => group.toString(16)).join(':')}]`).hostname;
  return `${written.slice(1, -1)}/${length}`;
}

function part(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function hasKeys(value: Record<string, unknown>): boolean {
  return Object.keys(value).length > 0;
}

function nameOf(value: Record<string, unknown>): string | undefined {
  return textOf(part(value['names'])['en']);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function known<T extends object>(facts: { readonly [K in keyof Required<T>]: Required<T>[K] | undefined }):
  T | undefined {
  const entries = Object.entries(facts).filter(([, value]) => value !== undefined);
  return entries.length > 0 ? (Object.fromEntries(entries) as T) : undefined;
}
