import type { Id } from '@parley/contract';
import type { ApiKeyInfo, NewAuditEntry, Scope, Stores } from '@parley/db';
import { isLimited } from './escalation.ts';

type IssuedEntry = Omit<NewAuditEntry, 'target' | 'action'>;

/** The number of keys that are revoked with one command. */
const PAGE = 200;

/** The store functions that end a key and the credentials that it issued. */
export type EndingStores = {
  readonly apiKeys: Pick<Stores['apiKeys'], 'findIssuerLimits' | 'revoke' | 'listIssued' | 'revokeIssued'>;
  readonly signingSecrets: Pick<Stores['signingSecrets'], 'listIssued' | 'revoke'>;
  readonly teams: Pick<Stores['teams'], 'hasTokenIssuerOf' | 'deleteTokenIssuer'>;
  readonly audit: Pick<Stores['audit'], 'beginAll' | 'finishAll'>;
};

/**
 * Revokes a key. The credentials that its family issued are revoked too if the key has limits, or if the caller
 * asks for it. Returns whether they were. Repeating the call finishes one that was cut off.
 */
export async function endKey(
  stores: EndingStores,
  scope: Scope,
  key: ApiKeyInfo,
  { withIssued, entry }: { withIssued: boolean; entry: IssuedEntry },
): Promise<{ withIssued: boolean }> {
  const { id, familyId, issuers } = key;
  const ofIssuers = await stores.apiKeys.findIssuerLimits(scope, issuers);
  const endsIssued = withIssued || !ofIssuers || isLimited(key, ofIssuers);
  await stores.apiKeys.revoke(scope, id, endsIssued);
  if (endsIssued) await revokeIssued(stores, scope, familyId, entry);
  return { withIssued: endsIssued };
}

/**
 * Revokes the keys, the signing secrets and the token issuer that a key family has issued, each with an entry in
 * the audit log. It reads the list until it is empty. A credential that is issued at the same time is either in one
 * of the lists, or its issuing fails because its issuer is revoked.
 */
async function revokeIssued(
  { apiKeys, signingSecrets, teams, audit }: EndingStores,
  scope: Scope,
  family: Id<'key'>,
  entry: IssuedEntry,
): Promise<void> {
  for (;;) {
    const keys = await apiKeys.listIssued(scope, family, PAGE);
    const secrets = await signingSecrets.listIssued(scope, family);
    const hasTokenIssuer = await teams.hasTokenIssuerOf(scope, family);
    const entries = [
      ...keys.map((target) => ({ ...entry, action: 'key.revoke', target })),
      ...secrets.map((target) => ({ ...entry, action: 'signingSecret.revoke', target })),
      ...(hasTokenIssuer ? [{ ...entry, action: 'tokenIssuer.delete' }] : []),
    ];
    if (entries.length === 0) return;
    const noted = await audit.beginAll(scope, entries);
    await apiKeys.revokeIssued(scope, family, keys);
    for (const secret of secrets) await signingSecrets.revoke(scope, secret);
    if (hasTokenIssuer) await teams.deleteTokenIssuer(scope, family);
    await audit.finishAll(scope, noted);
  }
}
