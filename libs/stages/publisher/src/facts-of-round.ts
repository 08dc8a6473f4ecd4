import { readRelayDocument, type DiscoveryFacts, type RttData, type RttLogs } from '@bigbrotr/nips';

import type { Round } from './queries.js';

/** A write is believed for so long: it is tried once a day at most. */
const WRITE_HOLDS_SECONDS = 7 * 86_400;

/** The facts of one round, in the words of the NIP-66 builder. */
export function factsOfRound(round: Round): DiscoveryFacts {
  const { url, network, checkedAt, documents, probes } = round;
  const document = documents.get('nip11_info');
  // Of our own making, in the seed's field names: what the checks of nip66 returned.
  const rtt = documents.get('nip66_rtt') as RttData | undefined;
  const facts = {
    rtt,
    logs: logsOf(round, rtt),
    information: document && readRelayDocument(document).information,
    ssl: documents.get('nip66_ssl'),
    dns: documents.get('nip66_dns'),
    geo: documents.get('nip66_geo'),
    net: documents.get('nip66_net'),
    http: documents.get('nip66_http'),
    support: probes?.support,
  };
  const known = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
  return { url, network, checkedAt, ...(known as Partial<DiscoveryFacts>) };
}

function logsOf({ status, reason, checkedAt, probes }: Round, rtt: RttData | undefined): RttLogs {
  const read = rtt?.rtt_read !== undefined;
  const write = probes?.write;
  const holds = write !== undefined && write.at >= checkedAt - WRITE_HOLDS_SECONDS;
  return {
    open_success: true,
    read_success: read,
    ...(!read && { read_reason: reason ?? status }),
    // A write that broke off tells nothing of what the relay demands.
    ...(holds && write.result === 'confirmed' && { write_success: true }),
    ...(holds && write.result === 'refused' && { write_success: false, write_reason: write.reason ?? 'refused' }),
  };
}
