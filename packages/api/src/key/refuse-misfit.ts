import { Refusal } from '@parley/contract';
import type { ApiKeyKind } from '@parley/db';

/**
 * Refuses to say of a key what only keys of the other kind have.
 *
 * @throws Refusal `invalid_input`
 */
export function refuseMisfit(
  kind: ApiKeyKind,
  {
    access,
    scopes,
  }: { readonly access?: string | undefined; readonly scopes?: readonly string[] | undefined },
): void {
  const issues = [
    ...(kind === 'secret' && access !== undefined
      ? [{ path: 'access', message: 'is for publishable keys: a secret one reaches the whole team' }]
      : []),
    ...(kind === 'publishable' && scopes ? [{ path: 'scopes', message: 'is for secret keys' }] : []),
  ];
  if (issues.length > 0) throw new Refusal('invalid_input', { issues });
}
