import type { StoredCheck } from '@bigbrotr/core';
import {
  pruneMetadata,
  relayUrlParts,
  unixNow,
  type Dial,
  type DnsFacts,
  type HttpGet,
  type MetadataType,
  type Now,
  type Opening,
  type RelayUrl,
  type ResolveFacts,
} from '@bigbrotr/models';
import {
  checkWrite,
  dnsFacts,
  failed,
  fetchRelayDocument,
  findingOfFailure,
  findingOfProof,
  geoFacts,
  httpFacts,
  netFacts,
  passed,
  probeSupport,
  proveNostr,
  RelayConnection,
  rttCheck,
  sslFacts,
  type Addresses,
  type Check,
  type Finding,
  type IpDatabases,
  type RelayInformation,
  type RttPhase,
  type Sign,
} from '@bigbrotr/nips';

import type { Probed } from './probes.js';

export interface InspectOptions {
  /** Of each check. */
  readonly timeoutMs: number;
  readonly checks: {
    readonly nip11: boolean;
    readonly ssl: boolean;
    readonly dns: boolean;
    readonly http: boolean;
    readonly geo: boolean;
    readonly net: boolean;
  };
  /** Try what the relay can do. */
  readonly support: boolean;
  readonly write: boolean;
  readonly maxPow: number;
}

export interface InspectModules {
  readonly dial: Dial;
  readonly httpGet: HttpGet;
  readonly resolveFacts: ResolveFacts;
  readonly sign: Sign;
  readonly ipDatabases?: IpDatabases;
  readonly now: Now;
}

export interface Inspection {
  readonly finding: Finding;
  readonly checks: readonly StoredCheck[];
  /** Absent when nothing was tried. */
  readonly probed?: Probed;
}

/** Of each trial: a relay that answers at all answers these soon, and a silent one must not eat the job's time. */
const PROBE_TIMEOUT_MS = 10_000;

/** Looks at one relay: one WebSocket tells of opening, reading, writing, certificate and server; one HTTP request brings NIP-11. */
export async function inspect(
  url: RelayUrl,
  options: InspectOptions,
  modules: InspectModules,
  signal: AbortSignal,
): Promise<Inspection> {
  const { network, host } = relayUrlParts(url);
  const { checks } = options;
  const reading = checks.nip11 ? checkDocument(url, options, modules, signal) : Promise.resolve(undefined);
  // A fault of the reading is thrown below.
  const information = reading.then(
    (read) => read?.information,
    () => undefined,
  );
  const [socket, document, dns] = await Promise.all([
    checkSocket(url, options, modules, signal, information),
    reading,
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
  add('nip66_dns', dns?.check);
  if (network === 'clearnet') {
    const addresses = addressesOf(dns?.facts, socket.opening);
    const { ipDatabases = {} } = modules;
    if (checks.geo && (ipDatabases.city ?? ipDatabases.country))
      add('nip66_geo', lookUp(addresses, ipDatabases, geoFacts));
    if (checks.net && ipDatabases.asn) add('nip66_net', lookUp(addresses, ipDatabases, netFacts));
  }
  return { finding: socket.finding, checks: results, ...(socket.probed && { probed: socket.probed }) };
}

interface SocketChecks {
  readonly finding: Finding;
  readonly rtt: ReturnType<typeof rttCheck>;
  readonly ssl?: Check<object>;
  readonly http?: Check<object>;
  readonly opening?: Opening;
  readonly probed?: Probed;
}

async function checkSocket(
  url: RelayUrl,
  options: InspectOptions,
  modules: InspectModules,
  signal: AbortSignal,
  information: Promise<RelayInformation | undefined>,
): Promise<SocketChecks> {
  const { timeoutMs } = options;
  const startedAt = performance.now();
  const dialled = await modules.dial(url, { signal, timeoutMs });
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
    const { opening } = socket;
    const { openMs, tls, headers } = opening;
    const connection = new RelayConnection({ now: modules.now }, socket);
    const proof = await proveNostr({ signal, timeoutMs }, connection);
    const finding = findingOfProof(proof);
    const answered = proof.ok && 'readMs' in proof;
    const read: RttPhase = answered
      ? { ok: true, ms: proof.readMs }
      : { ok: false, reason: finding.reason ?? finding.status };
    const probed = answered ? await probe(options, modules, signal, connection, information) : undefined;
    const write = phaseOf(probed?.write);
    const server = httpFacts(headers);
    return {
      finding,
      rtt: rttCheck({ open: { ok: true, ms: openMs }, read, ...(write && { write }) }),
      ...(tls && { ssl: passed(openMs, sslFacts(tls)) }),
      http: server ? passed(openMs, server) : failed(openMs, 'no-headers'),
      opening,
      ...(probed && { probed }),
    };
  } finally {
    await socket.close();
  }
}

/** Trials come after the measuring, on the same connection. Undefined when none is due. */
async function probe(
  options: InspectOptions,
  { sign, now }: InspectModules,
  signal: AbortSignal,
  connection: RelayConnection,
  information: Promise<RelayInformation | undefined>,
): Promise<Probed | undefined> {
  if (!options.support && !options.write) return undefined;
  const limits = { signal, timeoutMs: Math.min(options.timeoutMs, PROBE_TIMEOUT_MS), at: unixNow(now) };
  const support = options.support ? await probeSupport(limits, connection) : undefined;
  if (!options.write) return { ...(support && { support }) };
  const pow = (await information)?.limitation?.min_pow_difficulty ?? 0;
  const write = await checkWrite({ ...limits, pow, maxPow: options.maxPow }, sign, connection);
  return { ...(support && { support }), write };
}

/** An OK alone is no write: some relays say it and store nothing. */
function phaseOf(write: Probed['write']): RttPhase | undefined {
  if (write === undefined) return undefined;
  return write.result === 'confirmed' ? { ok: true, ms: write.ms } : { ok: false, reason: write.reason };
}

interface DocumentCheck {
  readonly check: Check<object>;
  readonly raw?: Buffer;
  readonly information?: RelayInformation;
}

async function checkDocument(
  url: RelayUrl,
  { timeoutMs }: InspectOptions,
  { httpGet }: InspectModules,
  signal: AbortSignal,
): Promise<DocumentCheck> {
  const startedAt = performance.now();
  const document = await fetchRelayDocument({ signal, timeoutMs }, httpGet, url);
  if (document.ok)
    return {
      check: passed(document.durationMs, document.information),
      raw: document.raw,
      information: document.information,
    };
  const reason = document.status === undefined ? document.reason : `${document.reason}-${document.status}`;
  return { check: failed(performance.now() - startedAt, reason) };
}

async function checkDns(
  host: string,
  { timeoutMs }: InspectOptions,
  { resolveFacts }: InspectModules,
  signal: AbortSignal,
): Promise<{ check: Check<object>; facts?: DnsFacts }> {
  const startedAt = performance.now();
  const answer = await resolveFacts(host, { signal, timeoutMs });
  const facts = answer && dnsFacts(answer);
  const ms = performance.now() - startedAt;
  return { check: facts ? passed(ms, facts) : failed(ms, 'no-records'), ...(answer && { facts: answer }) };
}

/** Those that the name has; without an answer, the one that we are connected to. */
function addressesOf(dns: DnsFacts | undefined, opening: Opening | undefined): Addresses {
  const v4 = dns?.a[0];
  const v6 = dns?.aaaa[0];
  if (v4 !== undefined || v6 !== undefined) return { ...(v4 !== undefined && { v4 }), ...(v6 !== undefined && { v6 }) };
  const address = opening?.address;
  if (address === undefined) return {};
  return address.includes(':') ? { v6: address } : { v4: address };
}

function lookUp<Data extends object>(
  addresses: Addresses,
  databases: IpDatabases,
  read: (addresses: Addresses, databases: IpDatabases) => Data | undefined,
): Check<Data> {
  const startedAt = performance.now();
  const facts = read(addresses, databases);
  const ms = performance.now() - startedAt;
  return facts
    ? passed(ms, facts)
    : failed(ms, addresses.v4 === undefined && addresses.v6 === undefined ? 'no-address' : 'no-data');
}

function toResult(type: MetadataType, check: Check<object>, raw?: Buffer): StoredCheck {
  const outcome = {
    type,
    success: check.success,
    durationMs: check.ms,
    ...(!check.success && { reason: check.reason }),
  };
  if (check.data === undefined) return outcome;
  return { ...outcome, data: pruneMetadata({ ...check.data }).data, ...(raw && { raw }) };
}
