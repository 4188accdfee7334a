import { ApiError, keyAccesses, keyAccessMeanings } from '@parley/contract';
import type { ApiKeyKind } from '@parley/db';

interface RequestedFields {
  readonly access?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
}

const ACCESS_NEEDED = `must be chosen: ${[...keyAccesses]
  .sort()
  .map((access) => `\`${access}\` (${keyAccessMeanings[access]})`)
  .join(', ')}`;

/**
 * Rejects fields that only keys of the other kind have.
 *
 * @throws ApiError `invalid_input`
 */
export function assertFieldsFitKind(kind: ApiKeyKind, { access, scopes }: RequestedFields): void {
  reject([
    ...(kind === 'secret' && access !== undefined
      ? [{ path: 'access', message: 'is for publishable keys: a secret one reaches the whole team' }]
      : []),
    ...(kind === 'publishable' && scopes ? [{ path: 'scopes', message: 'is for secret keys' }] : []),
  ]);
}

/**
 * Rejects a new publishable key without `access`, because each value of it has consequences.
 *
 * @throws ApiError `invalid_input`, which explains the choices
 */
export function assertAccessChosen(kind: ApiKeyKind, { access }: RequestedFields): void {
  if (kind === 'publishable' && access === undefined) reject([{ path: 'access', message: ACCESS_NEEDED }]);
}

function reject(issues: readonly { readonly path: string; readonly message: string }[]): void {
  if (issues.length > 0) throw new ApiError('invalid_input', { issues });
}
