import { createSocket, type Socket } from 'node:dgram';

/** The records of one name. A missing list is an empty answer; a missing name is NXDOMAIN. */
export interface DnsRecords {
  readonly a?: readonly string[];
  readonly aaaa?: readonly string[];
  readonly cname?: readonly string[];
  readonly ns?: readonly string[];
  readonly ptr?: readonly string[];
  readonly ttl?: number;
}

export interface DnsServer {
  /** `127.0.0.1:port`, as `Resolver.setServers` takes it. */
  readonly address: string;
  /** Every question so far: `a relay.example`. */
  readonly questions: readonly string[];
  readonly close: () => Promise<void>;
}

/** A name server on loopback. `silent` names get no answer at all. */
export async function startDnsServer(zone: (name: string) => DnsRecords | 'silent' | undefined): Promise<DnsServer> {
  const questions: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    const { name, type, end } = readQuestion(query);
    questions.push(`${TYPES.get(type) ?? type} ${name}`);
    const records = zone(name);
    if (records !== 'silent') socket.send(answer(query.subarray(0, end), type, records), port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return { address: `127.0.0.1:${socket.address().port}`, questions, close: () => close(socket) };
}

const TYPES: ReadonlyMap<number, 'a' | 'ns' | 'cname' | 'ptr' | 'aaaa'> = new Map([
  [1, 'a'],
  [2, 'ns'],
  [5, 'cname'],
  [12, 'ptr'],
  [28, 'aaaa'],
]);

const HEADER_BYTES = 12;

function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function answer(question: Buffer, type: number, records: DnsRecords | undefined): Buffer {
  const field = TYPES.get(type);
  const values = (field && records?.[field]) ?? [];
  const head = Buffer.from(question);
  head.writeUInt16BE(records ? 0x8180 : 0x8183, 2); // answer, recursion; NXDOMAIN
  head.writeUInt16BE(values.length, 6);
  head.fill(0, 8, HEADER_BYTES);
  return Buffer.concat([head, ...values.map((value) => record(type, value, records?.ttl ?? 60))]);
}

function record(type: number, value: string, ttl: number): Buffer {
  const data = type === 1 ? Buffer.from(value.split('.').map(Number)) : type === 28 ? ipv6(value) : encodeName(value);
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeUInt16BE(0xc000 + HEADER_BYTES, 0); // the name of the question
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(ttl, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function encodeName(name: string): Buffer {
  return Buffer.concat([
    ...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.alloc(1),
  ]);
}

/** `::` stands at most once, and there are no dotted forms. */
function ipv6(text: string): Buffer {
  const [front = [], back = []] = text.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const groups = [...front, ...Array<string>(8 - front.length - back.length).fill('0'), ...back];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function close(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}
