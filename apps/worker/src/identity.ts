import { AppError } from '@bigbrotr/models';
import { generateSecretKey, parseSecretKey, type SecretKey } from '@bigbrotr/utils';

/** The key that answers NIP-42: the operator's, or one of this process' own that nobody knows. */
export function identityOf(configured: string | undefined): SecretKey {
  if (configured === undefined) return generateSecretKey();
  const parsed = parseSecretKey(configured);
  if (!parsed.ok) throw new IdentityError(`nostr.privateKey (NOSTR_PRIVATE_KEY) is no private key: ${parsed.reason}.`);
  return parsed.key;
}

export class IdentityError extends AppError<'identity'> {
  readonly code = 'identity';
  readonly recovery = 'shut-down';
}
