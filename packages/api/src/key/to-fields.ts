import type { KeyAccess } from '@parley/contract';
import type { ApiKeyFields } from '@parley/db';

/** Converts the fields of a request to the stored fields of a key. */
export function toFields(fields: {
  readonly name?: string | undefined;
  readonly access?: KeyAccess | undefined;
  readonly origins?: readonly string[] | undefined;
  readonly tokensPerDay?: number | null | undefined;
  readonly expiresAt?: string | undefined;
}): ApiKeyFields {
  const { name, access, origins, tokensPerDay, expiresAt } = fields;
  return {
    ...(name !== undefined && { name }),
    ...(access !== undefined && { access }),
    ...(origins !== undefined && { origins: [...new Set(origins)] }),
    ...(tokensPerDay !== undefined && { tokensPerDay }),
    ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt) }),
  };
}
