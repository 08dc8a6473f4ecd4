import { X509Certificate } from 'node:crypto';
import type { DnsFacts, TlsFacts } from '@bigbrotr/models';
import type { DnsData, HttpData, SslData } from './checks.js';

const MAX_TEXT_CHARS = 256;
const MAX_LIST = 100;

/** What a TLS handshake told. A certificate that cannot be read leaves only the verdict. */
export function sslFacts(tls: TlsFacts): SslData {
  const verdict: SslData = tls.authorized
    ? { ssl_valid: true }
    : { ssl_valid: false, ssl_error: tls.reason ?? 'UNKNOWN' };
  const handshake = present({ ssl_protocol: text(tls.protocol), ssl_cipher: text(tls.cipher) });
  return { ...verdict, ...handshake, ...certificateFacts(tls.certificate) };
}

/** What the headers of the upgrade answer tell about the server's software. Undefined when they tell nothing. */
export function httpFacts(headers: Readonly<Record<string, string>>): HttpData | undefined {
  const data = present({ http_server: text(headers['server']), http_powered_by: text(headers['x-powered-by']) });
  return Object.keys(data).length > 0 ? data : undefined;
}

/** Undefined when there is no address, which is what a relay's name is for. */
export function dnsFacts(dns: DnsFacts): DnsData | undefined {
  if (dns.a.length === 0 && dns.aaaa.length === 0) return undefined;
  return present({
    dns_ips: list(dns.a),
    dns_ips_v6: list(dns.aaaa),
    dns_ns: list(dns.ns),
    dns_cname: text(dns.cname),
    dns_reverse: text(dns.ptr),
    dns_ttl: dns.ttl,
  });
}

function certificateFacts(der: Buffer): Omit<SslData, 'ssl_valid'> {
  if (der.length === 0) return {};
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(der);
  } catch {
    return {};
  }
  const issuer = names(certificate.issuer);
  return present({
    ssl_subject_cn: text(names(certificate.subject).get('CN')),
    ssl_issuer: text(issuer.get('O')),
    ssl_issuer_cn: text(issuer.get('CN')),
    ssl_serial: text(certificate.serialNumber),
    ssl_fingerprint: `SHA256:${certificate.fingerprint256}`,
    ssl_expires: unixSeconds(certificate.validTo),
    ssl_not_before: unixSeconds(certificate.validFrom),
    ssl_san: list(alternativeNames(certificate.subjectAltName ?? '')),
  });
}

/** First value of each attribute in Node's form: one `NAME=value` per line. */
function names(distinguishedName: string): Map<string, string> {
  const attributes = distinguishedName.split('\n').map((line) => {
    const at = line.indexOf('=');
    return [line.slice(0, at), line.slice(at + 1)] as const;
  });
  return new Map(attributes.reverse());
}

/** Values of `DNS:a, IP Address:b`; Node quotes a value that holds a comma or the like, so that nobody can smuggle in a name. */
function alternativeNames(list: string): string[] {
  return Array.from(list.matchAll(ALTERNATIVE_NAME), ([, quoted, plain]) => quoted ?? plain ?? '');
}

const ALTERNATIVE_NAME = /(?:^|, )(?:DNS|IP Address):(?:"((?:[^"\\]|\\.)*)"|([^,"]*))/g;

function unixSeconds(date: string): number | undefined {
  const ms = Date.parse(date);
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}

/** Strangers' text for a row: no control characters (PostgreSQL holds no U+0000), no blanks around, not without end. */
function text(value: string | null | undefined): string | undefined {
  const clean = (value ?? '').replace(/[\u0000-\u001f\u007f]/g, '').trim();
  return clean === '' ? undefined : clean.slice(0, MAX_TEXT_CHARS);
}

function list(values: readonly string[]): string[] | undefined {
  const texts = values
    .slice(0, MAX_LIST)
    .map(text)
    .filter((value) => value !== undefined);
  return texts.length > 0 ? texts : undefined;
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function present<T extends Record<string, unknown>>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>;
}
