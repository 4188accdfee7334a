import { type Key, type KeyAccess, type KeyScope, keyScopes, type NewKey } from '@parley/contract';
import type { Team } from '../harness.ts';

/** A caller as the documentation describes it, independent of the code. */
export interface MatrixCaller {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly kind: 'none' | 'secret' | KeyAccess;
  /** The user of their token. */
  readonly user?: { readonly id: string; readonly proof: 'guest' | 'anonymous' | 'verified' };
  /** The scopes of their key; undefined: all. */
  readonly scopes?: readonly KeyScope[];
  /** The key is limited to another agent than that of the chats in these tests. */
  readonly isForOtherAgent?: true;
  /** The other limits of their key, its own and those of its issuers. */
  readonly bounds?: KeyBounds;
  /** Their key was issued by a key that another key had issued. */
  readonly isOfThirdGeneration?: true;
}

interface KeyBounds {
  readonly expiresAt?: string;
  readonly origins?: readonly string[];
  readonly tokensPerDay?: number;
}

/** The values around those of the example of `key.create`: an end in 2999, one origin, 400,000 tokens a day. */
const BOUNDS = {
  'an early end': { expiresAt: '2998-01-01T00:00:00.000Z' },
  'a late end': { expiresAt: '2999-12-31T00:00:00.000Z' },
  'other origins': { origins: ['https://other.example'] },
  'the same origin': { origins: ['https://example.com', 'https://other.example'] },
  'a small budget': { tokensPerDay: 300_000 },
  'a large budget': { tokensPerDay: 500_000 },
} as const satisfies Record<string, KeyBounds>;

const VERIFIED = { id: 'user_1', proof: 'verified' } as const;
const VISITOR = { id: 'visitor_1', proof: 'anonymous' } as const;

/** Creates the tokens that a team's servers do not sign themselves. */
export interface TokenMakers {
  /** A token of the team's token issuer. */
  readonly byIssuer: (user: string) => Promise<string>;
  /** A token of the chat page. */
  readonly ofPage: (user: string) => Promise<string>;
}

/** Every kind of caller of one team. */
export async function makeCallers(team: Team, tokens: TokenMakers): Promise<MatrixCaller[]> {
  const makeKey = async (body: object, key = team.secretKey) =>
    (await team.rest<NewKey>('POST', '/key', { key, body })).body.key;
  const verifiedKey = await makeKey({ kind: 'publishable', access: 'verified' });
  const guestKey = await team.guestKey();
  const otherAgent = [(await team.makeAgent({ name: 'Other' })).id];
  const guest = await team.makeGuest();
  const asGuest = { id: guest.userId, proof: 'guest' } as const;
  // The token is valid for as long as the matrix takes on a busy machine.
  const token = await team.userToken(VERIFIED.id, 3_500);
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
    {
      name: 'a guest key with a token of the token issuer',
      headers: withKey(guestKey, await tokens.byIssuer(VERIFIED.id)),
      kind: 'guest',
      user: VERIFIED,
    },
    { name: 'a verified key', headers: withKey(verifiedKey), kind: 'verified' },
    { name: 'a verified user', headers: withKey(verifiedKey, token), kind: 'verified', user: VERIFIED },
    {
      name: 'a visitor of the chat page',
      headers: withKey(verifiedKey, await tokens.ofPage(VISITOR.id)),
      kind: 'verified',
      user: VISITOR,
    },
    {
      name: 'a secret key for another agent',
      headers: withKey(await makeKey({ kind: 'secret', agentIds: otherAgent })),
      kind: 'secret',
      isForOtherAgent: true,
    },
    {
      name: 'an open key for another agent',
      headers: withKey(await makeKey({ kind: 'publishable', access: 'open', agentIds: otherAgent })),
      kind: 'open',
      isForOtherAgent: true,
    },
  ];
  const bounded = Object.entries(BOUNDS).map(async ([name, bounds]): Promise<MatrixCaller> => {
    const headers = withKey(await makeKey({ kind: 'secret', ...bounds }));
    return { name: `a secret key with ${name}`, headers, kind: 'secret', bounds };
  });
  const issued = await makeKey({ kind: 'secret', ...BOUNDS['a large budget'] });
  const grandchild: MatrixCaller = {
    name: 'a secret key issued by one with a large budget',
    headers: withKey(await makeKey({ kind: 'secret' }, issued)),
    kind: 'secret',
    bounds: BOUNDS['a large budget'],
    isOfThirdGeneration: true,
  };
  const lateIssuer = await makeKey({ kind: 'secret', ...BOUNDS['a late end'] });
  const issuedOpen: MatrixCaller = {
    name: 'an open key issued by a secret key with a late end',
    headers: withKey(await makeKey({ kind: 'publishable', access: 'open' }, lateIssuer)),
    kind: 'open',
    bounds: BOUNDS['a late end'],
  };
  const scoped = keyScopes.flatMap((scope) => [
    { name: `a secret key with ${scope} alone`, scopes: [scope] },
    { name: `a secret key without ${scope}`, scopes: keyScopes.filter((one) => one !== scope) },
  ]);
  const signers: readonly KeyScope[] = ['chats:read', 'chats:write', 'keys:write'];
  const signer: MatrixCaller = {
    name: 'a secret key with exactly the scopes for signing secrets',
    headers: withKey(await makeKey({ kind: 'secret', scopes: signers })),
    kind: 'secret',
    scopes: signers,
  };
  return [
    ...plain,
    signer,
    ...(await Promise.all(bounded)),
    grandchild,
    issuedOpen,
    await makeRolledKey(team),
    ...(await Promise.all(
      scoped.map(async ({ name, scopes }): Promise<MatrixCaller> => {
        const headers = withKey(await makeKey({ kind: 'secret', scopes }));
        return { name, headers, kind: 'secret', scopes };
      }),
    )),
  ];
}

/** A secret key without limits that was rolled: it has the end of its overlap. */
async function makeRolledKey(team: Team): Promise<MatrixCaller> {
  const { id, key } = (await team.rest<NewKey>('POST', '/key', { body: { kind: 'secret' } })).body;
  await team.rest('POST', `/key/${id}/roll`, { body: { overlapSeconds: 24 * 3_600 } });
  const { expiresAt = '' } = (await team.rest<Key>('GET', `/key/${id}`)).body;
  return {
    name: 'a secret key in its overlap',
    headers: { 'x-api-key': key },
    kind: 'secret',
    bounds: { expiresAt },
  };
}
