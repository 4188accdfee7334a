import { keyAccesses, keyAccessMeanings, Refusal } from '@parley/contract';
import type { ApiKeyKind } from '@parley/db';

interface Said {
  readonly access?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
}

const ACCESS_NEEDED = `must be chosen: ${[...keyAccesses]
  .sort()
  .map((access) => `\`${access}\` (${keyAccessMeanings[access]})`)
  .join(', ')}`;

/**
 * Refuses to say of a key what only keys of the other kind have.
 *
 * @throws Refusal `invalid_input`
 */
export function refuseMisfit(kind: ApiKeyKind, { access, scopes }: Said): void {
  refuse([
    ...(kind === 'secret' && access !== undefined
      ? [{ path: 'access', message: 'is for publishable keys: a secret one reaches the whole team' }]
      : []),
    ...(kind === 'publishable' && scopes ? [{ path: 'scopes', message: 'is for secret keys' }] : []),
  ]);
}

/**
 * Refuses a new publishable key of which nobody said whose chats it reaches.
 *
 * @throws Refusal `invalid_input`, with what each choice means
 */
export function refuseUnchosenAccess(kind: ApiKeyKind, { access }: Said): void {
  if (kind === 'publishable' && access === undefined) refuse([{ path: 'access', message: ACCESS_NEEDED }]);
}

function refuse(issues: readonly { readonly path: string; readonly message: string }[]): void {
  if (issues.length > 0) throw new Refusal('invalid_input', { issues });
}
