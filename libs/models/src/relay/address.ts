import ipaddr from 'ipaddr.js';

/**
 * - `public`: anybody may be there.
 * - `loopback`, `private`: ours or our neighbours'; only for the `local` network.
 * - `never`: no relay can be meant, whatever is configured.
 */
export type AddressClass = 'public' | 'loopback' | 'private' | 'never';

/**
 * Judges an IP address in its usual text form (IPv6 without brackets). Whatever it does not know is `never`.
 *
 * IPv6 forms that carry an IPv4 address (mapped, NAT64, 6to4, Teredo) are `never`: they would be a second name of a
 * host, and one that hides a private address from a careless reader.
 */
export function classifyAddress(ip: string): AddressClass {
  if (METADATA_SERVICES.has(ip)) return 'never';
  if (!ip.includes(':')) {
    return ipaddr.IPv4.isValidFourPartDecimal(ip) ? classOfRange(ipaddr.IPv4.parse(ip).range()) : 'never';
  }

  const address = readIpv6(ip);
  if (address === undefined) return 'never';
  const range = address.range();
  if (range === 'unicast') return isGlobalUnicast(address) ? 'public' : 'never';
  if (range === 'uniqueLocal' && METADATA_SERVICES.has(address.toString())) return 'never';
  return classOfRange(range);
}

/** Metadata services of clouds that do not sit in link-local space: Azure, Alibaba, AWS, Google. */
const METADATA_SERVICES: ReadonlySet<string> = new Set([
  '168.63.129.16',
  '100.100.100.200',
  'fd00:ec2::254',
  'fd20:ce::254',
]);

function classOfRange(range: string): AddressClass {
  switch (range) {
    case 'unicast':
      return 'public';
    case 'loopback':
      return 'loopback';
    case 'private':
    case 'carrierGradeNat':
    case 'uniqueLocal':
      return 'private';
    default:
      return 'never';
  }
}

function readIpv6(ip: string): ipaddr.IPv6 | undefined {
  // A zone only makes sense for link-local addresses, which are refused anyway.
  if (ip.includes('%')) return undefined;
  try {
    return ipaddr.IPv6.parse(ip);
  } catch {
    return undefined;
  }
}

/** 2000::/3 is all that IANA has ever given out for the Internet. */
function isGlobalUnicast(address: ipaddr.IPv6): boolean {
  return ((address.parts[0] ?? 0) & 0xe000) === 0x2000;
}
