import { z } from 'zod';
import { list, record, scalar, type Losses } from './lenient.js';

/** A string that PostgreSQL's jsonb can hold: no U+0000, no half of a surrogate pair. */
const text = scalar(z.string().refine((value) => !/[\0\p{Surrogate}]/u.test(value)));
const whole = scalar(z.int());
const flag = scalar(z.boolean());
const kinds = list(whole);

const fee = record({ amount: whole, unit: text, period: whole, kinds });

/** The fields of NIP-11, those included that were taken out of it and are still served. */
const readInformation = record({
  name: text,
  description: text,
  banner: text,
  icon: text,
  pubkey: text,
  self: text,
  contact: text,
  software: text,
  version: text,
  privacy_policy: text,
  terms_of_service: text,
  posting_policy: text,
  payments_url: text,
  supported_nips: list(whole),
  relay_countries: list(text),
  language_tags: list(text),
  tags: list(text),
  attributes: list(text),
  limitation: record({
    max_message_length: whole,
    max_subscriptions: whole,
    max_limit: whole,
    max_subid_length: whole,
    max_event_tags: whole,
    max_content_length: whole,
    min_pow_difficulty: whole,
    created_at_lower_limit: whole,
    created_at_upper_limit: whole,
    default_limit: whole,
    auth_required: flag,
    payment_required: flag,
    restricted_writes: flag,
  }),
  retention: list(
    record({
      kinds: list(scalar(z.union([z.int(), z.tuple([z.int(), z.int()])]))),
      time: whole,
      count: whole,
    }),
  ),
  fees: record({ admission: list(fee), subscription: list(fee), publication: list(fee) }),
});

export type RelayInformation = NonNullable<ReturnType<typeof readInformation>>;

export interface RelayDocument {
  readonly information: RelayInformation;
  /** Fields that were there and unusable, as paths. */
  readonly dropped: readonly string[];
}

/** Reads an information document field by field: a bad field costs that field. Values are not judged beyond their types. */
export function readRelayDocument(document: Readonly<Record<string, unknown>>): RelayDocument {
  const losses: Losses = { dropped: [] };
  return { information: readInformation(document, '', losses) ?? {}, dropped: losses.dropped };
}
