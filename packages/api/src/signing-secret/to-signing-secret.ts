import type { SigningSecret } from '@parley/contract';
import type { SigningSecretInfo } from '@parley/db';

/** Converts a stored signing secret to its form in answers. */
export function toSigningSecret(info: SigningSecretInfo): SigningSecret {
  const { id, visibleStart, issuedBy, createdAt, expiresAt } = info;
  return {
    id,
    visibleStart,
    ...(issuedBy && { issuedBy }),
    createdAt: createdAt.toISOString(),
    ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
  };
}
