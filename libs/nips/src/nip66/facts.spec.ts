import { describe, it, expect } from '@jest/globals';
import { dnsFacts, httpFacts, sslFacts } from './facts.js';

/**
 * For relay.example.com, of O=Example Trust, CN=Example Root; its alternative names hold a URI that tries to look like
 * one more DNS name.
 */
const CERTIFICATE = Buffer.from(
  'MIIB7jCCAZWgAwIBAgIIASNFZ4mrze8wCgYIKoZIzj0EAwIwLzEWMBQGA1UECgwNRXhhbXBsZSBUcnVzdDEVMBMGA1UEAwwMRXhhbXBsZSBSb290MB4XDTI2MTEyMjE4MTg0MVoXDTI3MTEyMjE4MTg0MVowHDEaMBgGA1UEAwwRcmVsYXkuZXhhbXBsZS5jb20wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQ5XSzYPn0CWj6zmThKCSEFUbZ1nKJRHsU6XG9jjyB/gAUqD9KZoEa2oWAAG/pgUZG7gq5EqOfj3Fa38NIZQ+Eao4GtMIGqMGgGA1UdEQRhMF+CEXJlbGF5LmV4YW1wbGUuY29tgg0qLmV4YW1wbGUub3JnhwTAAAIBgQ1hQGV4YW1wbGUuY29thiZodHRwczovL3guZXhhbXBsZS8/YSwgRE5TOmV2aWwuZXhhbXBsZTAdBgNVHQ4EFgQUbrxb7AQwtPVlOdk4nRMqfEcthIMwHwYDVR0jBBgwFoAUJMwfkbfuugAA4iiFvZjNNMmJ7F4wCgYIKoZIzj0EAwIDRwAwRAIgMXu9PdSxgJxkjHA1nVz7yebcQfYjsTlsx2vRNp8hE/UCIGwC/ghxKlEVJzRC3Un/QqW56N/kAsULWZWQvhBjrQ+P',
  'base64',
);

describe('sslFacts', () => {
  it('tells everything of a valid certificate under the names of the seed', () => {
    const facts = sslFacts({
      authorized: true,
      protocol: 'TLSv1.3',
      cipher: 'TLS_AES_256_GCM_SHA384',
      certificate: CERTIFICATE,
    });

    expect(facts).toEqual({
      ssl_valid: true,
      ssl_protocol: 'TLSv1.3',
      ssl_cipher: 'TLS_AES_256_GCM_SHA384',
      ssl_subject_cn: 'relay.example.com',
      ssl_issuer: 'Example Trust',
      ssl_issuer_cn: 'Example Root',
      ssl_serial: '0123456789ABCDEF',
      ssl_fingerprint:
        'SHA256:7F:BC:ED:C6:D4:37:A6:42:94:3F:A2:51:52:3C:08:2E:88:E5:EA:B9:14:5B:A6:5F:31:6B:A0:1A:0D:44:1A:D8',
      ssl_expires: Date.UTC(2027, 10, 22, 18, 18, 41) / 1000,
      ssl_not_before: Date.UTC(2026, 10, 22, 18, 18, 41) / 1000,
      ssl_san: ['relay.example.com', '*.example.org', '192.0.2.1'],
    });
  });

  it('says why a certificate is not valid', () => {
    const tls = {
      authorized: false,
      reason: 'CERT_HAS_EXPIRED',
      protocol: null,
      cipher: null,
      certificate: CERTIFICATE,
    };

    expect(sslFacts(tls)).toMatchObject({
      ssl_valid: false,
      ssl_error: 'CERT_HAS_EXPIRED',
      ssl_subject_cn: 'relay.example.com',
    });
    expect(sslFacts(tls)).not.toHaveProperty('ssl_protocol');
  });

  it.each([
    ['none', Buffer.alloc(0)],
    ['junk', Buffer.from('junk')],
  ])('has the verdict alone when the certificate is %s', (_, certificate) => {
    expect(sslFacts({ authorized: false, protocol: 'TLSv1.2', cipher: null, certificate })).toEqual({
      ssl_valid: false,
      ssl_error: 'UNKNOWN',
      ssl_protocol: 'TLSv1.2',
    });
  });
});

describe('httpFacts', () => {
  it.each([
    [
      { server: 'nginx/1.24.0', 'x-powered-by': 'Express', x: 'y' },
      { http_server: 'nginx/1.24.0', http_powered_by: 'Express' },
    ],
    [{ server: '  strfry ' }, { http_server: 'strfry' }],
    [{ server: 'a\u0000b\u0007' }, { http_server: 'ab' }],
    [{ server: 'x'.repeat(10_000) }, { http_server: 'x'.repeat(256) }],
    [{ server: ' ', x: 'y' }, undefined],
    [{}, undefined],
  ])('reads %j', (headers, expected) => {
    expect(httpFacts(headers)).toEqual(expected);
  });
});

describe('dnsFacts', () => {
  it('gives records under the names of the seed', () => {
    const dns = {
      a: ['192.0.2.1'],
      aaaa: ['2001:db8::1'],
      ns: ['ns1.example.com'],
      cname: 'x.example.com',
      ptr: 'host.example.net',
      ttl: 300,
    };

    expect(dnsFacts(dns)).toEqual({
      dns_ips: ['192.0.2.1'],
      dns_ips_v6: ['2001:db8::1'],
      dns_ns: ['ns1.example.com'],
      dns_cname: 'x.example.com',
      dns_reverse: 'host.example.net',
      dns_ttl: 300,
    });
  });

  it('leaves out what is empty, and is nothing without an address', () => {
    expect(dnsFacts({ a: ['192.0.2.1'], aaaa: [], ns: [] })).toEqual({ dns_ips: ['192.0.2.1'] });
    expect(dnsFacts({ a: [], aaaa: [], ns: ['ns1.example.com'], ttl: 5 })).toBeUndefined();
  });

  it('keeps at most 100 records of a kind', () => {
    const a = Array.from({ length: 500 }, (_, n) => `192.0.2.${n}`);

    expect(dnsFacts({ a, aaaa: [], ns: [] })?.dns_ips).toHaveLength(100);
  });
});
