import type { NostrEvent, RelayUrl } from '@bigbrotr/models';

/** An event before its author's key and signature. */
export type EventTemplate = Pick<NostrEvent, 'kind' | 'created_at' | 'tags' | 'content'>;

export type Sign = (template: EventTemplate) => NostrEvent | Promise<NostrEvent>;

export const AUTH_KIND = 22_242;

/** The answer to an AUTH challenge (NIP-42). `url` is the URL we connected to: relays behind proxies compare it as text. */
export function authTemplate(url: RelayUrl, challenge: string, nowSeconds: number): EventTemplate {
  return {
    kind: AUTH_KIND,
    created_at: nowSeconds,
    tags: [
      ['relay', url],
      ['challenge', challenge],
    ],
    content: '',
  };
}
