import type { NostrEvent } from '@bigbrotr/models';

import type { EventFactory } from '../event-factory.js';
import { SINCE, UNTIL } from './common-events.js';
import type { RelayDefinition } from './endpoints.js';

/** The events by which a relay leads to other endpoints. They name ports, so they differ from start to start. */
export function makeMentionEvents(
  factory: EventFactory,
  { mentions }: RelayDefinition,
  urlOf: (name: string) => string,
): NostrEvent[] {
  return mentions.flatMap(({ by, to, at }, index) => {
    const urls = to.map(urlOf);
    const wish = { created_at: at === 'top' ? UNTIL + 1 + index : SINCE - 1 - index };
    switch (by) {
      case 'relay-list':
        return [factory.relayList(urls, wish)];
      case 'contact-list':
        return [factory.contactList(urls, wish)];
      case 'recommendation':
        return urls.map((url) => factory.recommendation(url, wish));
    }
  });
}
