/** Relay URLs inside the NIP-19 entities of a text. */
export interface RelayHintLimits {
  /** How much of the text is looked at. */
  readonly maxChars: number;
  readonly maxEntities: number;
}

const ENTITY = /n(?:profile|event|addr|relay)1[02-9ac-hj-np-z]{6,}/g;
const ALPHABET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const CHECKSUM_CHARS = 6;
const MAX_ENTITY_CHARS = 5000;

/** In a profile, event or address the relays are the TLVs of type 1; in the old nrelay it is that of type 0. */
const RELAY_TLV = 1;
const NRELAY_TLV = 0;

/** Texts of relay TLVs as they stand there, in order; entities with a wrong checksum are passed over. */
export function nip19RelayHints(text: string, { maxChars, maxEntities }: RelayHintLimits): string[] {
  const hints: string[] = [];
  let entities = 0;
  for (const [entity] of text.slice(0, maxChars).matchAll(ENTITY)) {
    entities += 1;
    if (entities > maxEntities) break;
    const bytes = decodeBech32(entity);
    if (bytes === undefined) continue;
    hints.push(...tlvTexts(bytes, entity.startsWith('nrelay1') ? NRELAY_TLV : RELAY_TLV));
  }
  return hints;
}

function tlvTexts(bytes: Buffer, wanted: number): string[] {
  const texts: string[] = [];
  for (let at = 0; at + 2 <= bytes.length;) {
    const type = bytes.readUInt8(at);
    const end = at + 2 + bytes.readUInt8(at + 1);
    if (end > bytes.length) break;
    if (type === wanted) texts.push(bytes.toString('utf8', at + 2, end));
    at = end;
  }
  return texts;
}

/** Payload of a lower-case bech32 string (BIP-173) of any length, or undefined when the checksum is wrong. */
function decodeBech32(text: string): Buffer | undefined {
  if (text.length > MAX_ENTITY_CHARS) return undefined;
  const separator = text.indexOf('1');
  const prefix = Array.from(text.slice(0, separator), (char) => char.charCodeAt(0));
  const words = Array.from(text.slice(separator + 1), (char) => ALPHABET.indexOf(char));
  const expanded = [...prefix.map((code) => code >> 5), 0, ...prefix.map((code) => code & 31), ...words];
  if (checksum(expanded) !== 1) return undefined;
  return toBytes(words.slice(0, -CHECKSUM_CHARS));
}

const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

function checksum(values: readonly number[]): number {
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    GENERATOR.forEach((factor, bit) => {
      if ((top >>> bit) & 1) sum ^= factor;
    });
  }
  return sum;
}

/** Groups of five bits to bytes; the rest that fills no byte is padding. */
function toBytes(words: readonly number[]): Buffer {
  const bytes = Buffer.alloc(Math.floor((words.length * 5) / 8));
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const word of words) {
    held = ((held << 5) | word) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at] = (held >> bits) & 0xff;
      at += 1;
    }
  }
  return bytes;
}
