import { Duration } from '@bigbrotr/core';
import { z } from 'zod';

const Text = z.string().min(1).max(1_000).optional();

export const PublisherConfig = z.strictObject({
  /** Tells the world what the monitor finds; needs `relays`, and `nostr.privateKey` to sign with. */
  enabled: z.boolean().default(false),
  /** Relays that our events are sent to. */
  relays: z.array(z.string().min(1).max(2_048)).max(50).default([]),
  /** From one announcement of the monitor to the next. */
  interval: Duration.prefault('24h'),
  /** First wait before an event is sent again to a relay that did not take it; doubles. */
  retry: Duration.prefault('1m'),
  attempts: z.int().min(1).max(20).default(5),
  /** Unused connections are closed after this. */
  idle: Duration.prefault('30s'),
  /** Where the monitor stands, as precisely as it is to be known. */
  geohash: z
    .string()
    .regex(/^[0-9b-hjkmnp-z]{1,12}$/, { error: 'expected a geohash' })
    .optional(),
  /** Of the key that signs (kind 0). Published when asked for: it replaces the profile that the key has. */
  profile: z
    .strictObject({ name: Text, about: Text, picture: Text, banner: Text, website: Text, nip05: Text, lud16: Text })
    .optional(),
});
export type PublisherConfig = z.output<typeof PublisherConfig>;
