import { classifyAddress, type Network } from '@bigbrotr/models';
import { WireFailure } from './wire-failure.js';

/**
 * Ports above 1023 where something else than a web server listens as a rule. A stranger's URL shall not make us talk
 * to databases and control planes, whatever they would make of a GET.
 */
const FORBIDDEN_PORTS: ReadonlySet<number> = new Set([
  1080, // SOCKS
  1433, // SQL Server
  1521, // Oracle
  1723, // PPTP
  1883, // MQTT
  2049, // NFS
  2181, // ZooKeeper
  2375, // Docker
  2376,
  2379, // etcd
  2380,
  3128, // Squid
  3306, // MySQL
  3389, // RDP
  4369, // Erlang
  5060, // SIP
  5061,
  5432, // PostgreSQL
  5672, // AMQP
  5900, // VNC
  5984, // CouchDB
  6000, // X11
  6379, // Redis
  6443, // Kubernetes
  6660, // IRC
  6665,
  6666,
  6667,
  6668,
  6669,
  6697,
  8500, // Consul
  9042, // Cassandra
  9050, // Tor
  9051,
  9092, // Kafka
  9100, // printers
  9200, // Elasticsearch
  9300,
  10250, // kubelet
  11211, // memcached
  15672, // RabbitMQ
  27017, // MongoDB
  27018,
  27019,
]);

/** Throws unless the law lets us talk to this port. On `local` every port is the operator's own. */
export function checkPort(port: number, network: Network): void {
  if (network === 'local' ? port >= 1 && port <= 65_535 : isOpenPort(port)) return;
  throw new WireFailure({ reason: 'blocked', code: 'port' });
}

function isOpenPort(port: number): boolean {
  if (port === 80 || port === 443) return true;
  return port >= 1024 && port <= 65_535 && !FORBIDDEN_PORTS.has(port);
}

/**
 * Throws when any of a name's addresses is not for us. One bad answer condemns the whole name: who mixes public and
 * private answers is either confused or playing with us.
 */
export function checkAddresses(addresses: readonly string[], network: Network): void {
  for (const address of addresses) {
    const found = classifyAddress(address);
    if (found === 'never') throw new WireFailure({ reason: 'blocked', code: 'reserved-address' });
    if (found !== 'public' && network !== 'local')
      throw new WireFailure({ reason: 'blocked', code: 'private-address' });
  }
}
