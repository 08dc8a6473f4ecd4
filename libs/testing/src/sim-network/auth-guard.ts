import type { ClientContext, HandleMessagePlugin, HandleMessageResult, IncomingMessage } from '@nostr-relay/common';

/**
 * The library checks answers to its NIP-42 challenge, yet demands one for direct messages only. Behind this guard it
 * serves nobody else at all.
 */
export const authGuard: HandleMessagePlugin = {
  async handleMessage(context: ClientContext, message: IncomingMessage, next: () => Promise<HandleMessageResult>) {
    if (context.pubkey !== undefined) return next();
    const [verb, subject] = message;
    switch (verb) {
      case 'REQ':
        context.sendMessage(['CLOSED', subject, 'auth-required: tell us who you are']);
        return;
      case 'EVENT':
        context.sendMessage(['OK', subject.id, false, 'auth-required: tell us who you are']);
        return;
      case 'AUTH':
      case 'CLOSE':
        return next();
    }
  },
};
