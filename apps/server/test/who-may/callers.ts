import { type KeyAccess, type KeyScope, keyScopes, type NewKey } from '@parley/contract';
import type { Team } from '../harness.ts';

/** Someone who asks, and what the documentation says of them: not what the code finds. */
export interface MatrixCaller {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly kind: 'none' | 'secret' | KeyAccess;
  /** Whose token they have. */
  readonly user?: { readonly id: string; readonly proof: 'guest' | 'verified' };
  /** What their key may do; undefined: everything. */
  readonly scopes?: readonly KeyScope[];
  /** Their key is for an agent that the chats of these tests are not with. */
  readonly isForOtherAgent?: true;
}

const VERIFIED = { id: 'user_1', proof: 'verified' } as const;

/** Every kind of caller that there is, of one team. */
export async function makeCallers(team: Team): Promise<MatrixCaller[]> {
  const makeKey = async (body: object) => (await team.rest<NewKey>('POST', '/key', { body })).body.key;
  const verifiedKey = await makeKey({ kind: 'publishable', access: 'verified' });
  const guestKey = await team.guestKey();
  const otherAgent = [(await team.makeAgent({ name: 'Other' })).id];
  const guest = await team.makeGuest();
  const asGuest = { id: guest.userId, proof: 'guest' } as const;
  const token = await team.userToken(VERIFIED.id);
  const withKey = (key: string, userToken?: string) => ({
    'x-api-key': key,
    ...(userToken !== undefined && { 'x-user-token': userToken }),
  });

  const plain: MatrixCaller[] = [
    { name: 'nobody', headers: {}, kind: 'none' },
    { name: 'a secret key', headers: withKey(team.secretKey), kind: 'secret' },
    {
      name: 'a secret key with a user token',
      headers: withKey(team.secretKey, token),
      kind: 'secret',
      user: VERIFIED,
    },
    { name: 'an open key', headers: withKey(team.publishableKey), kind: 'open' },
    {
      name: 'an open key with a user token',
      headers: withKey(team.publishableKey, token),
      kind: 'open',
      user: VERIFIED,
    },
    { name: 'a guest key', headers: withKey(guestKey), kind: 'guest' },
    { name: 'a guest', headers: withKey(guestKey, guest.token), kind: 'guest', user: asGuest },
    {
      name: 'a guest key with a user token',
      headers: withKey(guestKey, token),
      kind: 'guest',
      user: VERIFIED,
    },
    { name: 'a verified key', headers: withKey(verifiedKey), kind: 'verified' },
    { name: 'a verified user', headers: withKey(verifiedKey, token), kind: 'verified', user: VERIFIED },
    {
      name: 'a secret key for another agent',
      headers: withKey(await makeKey({ kind: 'secret', agentIds: otherAgent })),
      kind: 'secret',
      isForOtherAgent: true,
    },
    {
      name: 'an open key for another agent',
      headers: withKey(await makeKey({ kind: 'publishable', agentIds: otherAgent })),
      kind: 'open',
      isForOtherAgent: true,
    },
  ];
  const scoped = keyScopes.flatMap((scope) => [
    { name: `a secret key with ${scope} alone`, scopes: [scope] },
    { name: `a secret key without ${scope}`, scopes: keyScopes.filter((one) => one !== scope) },
  ]);
  return [
    ...plain,
    ...(await Promise.all(
      scoped.map(async ({ name, scopes }): Promise<MatrixCaller> => {
        const headers = withKey(await makeKey({ kind: 'secret', scopes }));
        return { name, headers, kind: 'secret', scopes };
      }),
    )),
  ];
}
