import type { StoredCheck } from '@bigbrotr/core';
import { pruneMetadata, relayUrlParts, type Dial, type HttpGet, type MetadataType, type Now, type RelayUrl, type ResolveFacts } from '@bigbrotr/models';
import {
  dnsFacts,
  failed,
  fetchRelayDocument,
  findingOfFailure,
  findingOfProof,
  httpFacts,
  passed,
  proveNostr,
  RelayConnection,
  rttCheck,
  sslFacts,
  type Check,
  type Finding,
  type RttPhase,
} from '@bigbrotr/nips';

export interface InspectOptions {
  /** Of each check. */
  readonly timeoutMs: number;
  readonly checks: { readonly nip11: boolean; readonly ssl: boolean; readonly dns: boolean; readonly http: boolean };
}

export interface InspectModules {
  readonly dial: Dial;
  readonly httpGet: HttpGet;
  readonly resolveFacts: ResolveFacts;
  readonly now: Now;
}

export interface Inspection {
  readonly finding: Finding;
  readonly checks: readonly StoredCheck[];
}

/** Looks at one relay: one WebSocket tells of opening, reading, certificate and server; one HTTP request brings NIP-11. */
export async function inspect(url: RelayUrl, options: InspectOptions, modules: InspectModules, signal: AbortSignal): Promise<Inspection> {
  const { network, host } = relayUrlParts(url);
  const { checks } = options;
  const [socket, document, dns] = await Promise.all([
    checkSocket(url, options, modules, signal),
    checks.nip11 ? checkDocument(url, options, modules, signal) : undefined,
    checks.dns && network === 'clearnet' ? checkDns(host, options, modules, signal) : undefined,
  ]);
  const results: StoredCheck[] = [];
  const add = (type: MetadataType, check: Check<object> | undefined, raw?: Buffer) => {
    if (check) results.push(toResult(type, check, raw));
  };
  add('nip11_info', document?.check, document?.raw);
  add('nip66_rtt', socket.rtt);
  if (checks.ssl) add('nip66_ssl', socket.ssl);
  if (checks.http) add('nip66_http', socket.http);
  add('nip66_dns', dns);
  return { finding: socket.finding, checks: results };
}

interface SocketChecks {
  readonly finding: Finding;
  readonly rtt: ReturnType<typeof rttCheck>;
  readonly ssl?: Check<object>;
  readonly http?: Check<object>;
}

async function checkSocket(url: RelayUrl, { timeoutMs }: InspectOptions, { dial, now }: InspectModules, signal: AbortSignal): Promise<SocketChecks> {
  const startedAt = performance.now();
  const dialled = await dial(url, { signal, timeoutMs });
  if (!dialled.ok) {
    const finding = findingOfFailure(dialled.failure);
    const ms = performance.now() - startedAt;
    const reason = finding.reason ?? finding.status;
    return {
      finding,
      rtt: rttCheck({ open: { ok: false, reason, ms } }),
      ...(dialled.tls && { ssl: failed(ms, dialled.tls.reason ?? 'tls', sslFacts(dialled.tls)) }),
    };
  }
  const { socket } = dialled;
  try {
    const { openMs, tls, headers } = socket.opening;
    const proof = await proveNostr({ signal, timeoutMs }, new RelayConnection({ now }, socket));
    const finding = findingOfProof(proof);
    const read: RttPhase = proof.ok && 'readMs' in proof ? { ok: true, ms: proof.readMs } : { ok: false, reason: finding.reason ?? finding.status };
    const server = httpFacts(headers);
    return {
      finding,
      rtt: rttCheck({ open: { ok: true, ms: openMs }, read }),
      ...(tls && { ssl: passed(openMs, sslFacts(tls)) }),
      http: server ? passed(openMs, server) : failed(openMs, 'no-headers'),
    };
  } finally {
    await socket.close();
  }
}

async function checkDocument(url: RelayUrl, { timeoutMs }: InspectOptions, { httpGet }: InspectModules, signal: AbortSignal): Promise<{ check: Check<object>; raw?: Buffer }> {
  const startedAt = performance.now();
  const document = await fetchRelayDocument({ signal, timeoutMs }, httpGet, url);
  if (document.ok) return { check: passed(document.durationMs, document.information), raw: document.raw };
  const reason = document.status === undefined ? document.reason : `${document.reason}-${document.status}`;
  return { check: failed(performance.now() - startedAt, reason) };
}

async function checkDns(host: string, { timeoutMs }: InspectOptions, { resolveFacts }: InspectModules, signal: AbortSignal): Promise<Check<object>> {
  const startedAt = performance.now();
  const answer = await resolveFacts(host, { signal, timeoutMs });
  const facts = answer && dnsFacts(answer);
  const ms = performance.now() - startedAt;
  return facts ? passed(ms, facts) : failed(ms, 'no-records');
}

function toResult(type: MetadataType, check: Check<object>, raw?: Buffer): StoredCheck {
  const outcome = { type, success: check.success, durationMs: check.ms, ...(!check.success && { reason: check.reason }) };
  if (check.data === undefined) return outcome;
  return { ...outcome, data: pruneMetadata({ ...check.data }).data, ...(raw && { raw }) };
}
