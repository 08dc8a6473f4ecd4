/**
 * One check of a relay (NIP-66). A success carries data and no reason, a failure a reason; a failure that still
 * learned something carries that too.
 */
export type Check<Data> =
  | { readonly success: true; readonly data: Data; readonly ms: number }
  | { readonly success: false; readonly reason: string; readonly data?: Data; readonly ms: number };

/** Round trips in whole milliseconds. */
export interface RttData {
  readonly rtt_open?: number;
  readonly rtt_read?: number;
  readonly rtt_write?: number;
}

export interface SslData {
  readonly ssl_valid: boolean;
  readonly ssl_subject_cn?: string;
  /** Organisation of the issuer. */
  readonly ssl_issuer?: string;
  readonly ssl_issuer_cn?: string;
  readonly ssl_serial?: string;
  /** `SHA256:` and the digest as colon-separated hex. */
  readonly ssl_fingerprint?: string;
  /** Unix seconds. */
  readonly ssl_expires?: number;
  /** Unix seconds. */
  readonly ssl_not_before?: number;
  readonly ssl_san?: readonly string[];
  readonly ssl_protocol?: string;
  readonly ssl_cipher?: string;
  /** Why it is not valid, e.g. `CERT_HAS_EXPIRED`. */
  readonly ssl_error?: string;
}

export interface DnsData {
  readonly dns_ips?: readonly string[];
  readonly dns_ips_v6?: readonly string[];
  readonly dns_ns?: readonly string[];
  readonly dns_cname?: string;
  readonly dns_reverse?: string;
  /** Seconds. */
  readonly dns_ttl?: number;
}

export interface GeoData {
  readonly geo_country?: string;
  readonly geo_country_name?: string;
  readonly geo_continent?: string;
  readonly geo_continent_name?: string;
  readonly geo_is_eu?: boolean;
  readonly geo_region?: string;
  readonly geo_city?: string;
  readonly geo_postal?: string;
  readonly geo_lat?: number;
  readonly geo_lon?: number;
  /** Radius in kilometres. */
  readonly geo_accuracy?: number;
  readonly geo_tz?: string;
  readonly geo_hash?: string;
  readonly geo_geoname_id?: number;
}

export interface NetData {
  readonly net_ip?: string;
  readonly net_ipv6?: string;
  readonly net_asn?: number;
  readonly net_asn_org?: string;
  readonly net_network?: string;
  readonly net_network_v6?: string;
}

export interface HttpData {
  readonly http_server?: string;
  readonly http_powered_by?: string;
}

export function passed<Data>(ms: number, data: Data): Check<Data> {
  return { success: true, data, ms: wholeMs(ms) };
}

export function failed<Data>(ms: number, reason: string, data?: Data): Check<Data> {
  const failure = { success: false, reason, ms: wholeMs(ms) } as const;
  return data === undefined ? failure : { ...failure, data };
}

/** Whole milliseconds; what was measured takes at least one, for 0 reads as "not measured". */
export function wholeMs(ms: number): number {
  return Math.max(1, Math.round(ms));
}
