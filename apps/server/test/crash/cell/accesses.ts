import { randomUUID } from 'node:crypto';
import type { NewGuest, NewKey, NewSigningSecret } from '@parley/contract';
import type { Lab } from '../lab/lab.ts';
import type { Act } from './request-until-done.ts';
import { create } from './scene.ts';
import { newIssuerSettings, signAsIdentityProvider, signWithSecret } from './user-tokens.ts';

/** The access of a caller, and the function that withdraws it. */
export interface Access {
  readonly key: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The code of their requests after that. */
  readonly code: string;
  readonly withdraw: Act;
  readonly giveBack?: Act;
  /** Whether their answers are stopped too. */
  readonly stopsAnswers: boolean;
}

/** The kinds of access, each with the function that gives it. */
export const accesses = {
  block: blockedGuest,
  'sign-out': signedOutGuest,
  'revoked-family': keyOfRevokedFamily,
  'signing-secret': userOfRemovedSecret,
  'token-issuer': userOfRemovedIssuer,
};

/** A kind of access. */
export type AccessKind = keyof typeof accesses;

async function makeGuest(lab: Lab) {
  const { key } = await create<NewKey>(lab, '/key', { kind: 'publishable', access: 'guest' });
  const { userId, token } = await create<NewGuest>(lab, '/guest', {}, { 'x-api-key': key });
  return { userId, key, headers: { 'x-user-token': token } };
}

async function blockedGuest(lab: Lab): Promise<Access> {
  const { userId, ...guest } = await makeGuest(lab);
  const path = `/user/${userId}/block`;
  return {
    ...guest,
    code: 'user_blocked',
    withdraw: { method: 'PUT', path },
    giveBack: { method: 'DELETE', path },
    stopsAnswers: true,
  };
}

async function signedOutGuest(lab: Lab): Promise<Access> {
  const { userId, ...guest } = await makeGuest(lab);
  const withdraw = { method: 'POST', path: `/user/${userId}/sign-out` } as const;
  return { ...guest, code: 'user_signed_out', withdraw, stopsAnswers: false };
}

/** A key that another key issued, which is revoked with all that it issued. */
async function keyOfRevokedFamily(lab: Lab): Promise<Access> {
  const scopes = ['chats:read', 'chats:write', 'keys:write'];
  const issuer = await create<NewKey>(lab, '/key', { kind: 'secret', scopes });
  const issued = { kind: 'secret', scopes: ['chats:read', 'chats:write'] };
  const { key } = await create<NewKey>(lab, '/key', issued, { 'x-api-key': issuer.key });
  const withdraw = { method: 'DELETE', path: `/key/${issuer.id}?revokeIssued=true` } as const;
  return { key, code: 'unauthorized', withdraw, stopsAnswers: false };
}

/** A user whose token was signed with a secret that is deleted. */
async function userOfRemovedSecret(lab: Lab): Promise<Access> {
  const { key } = await create<NewKey>(lab, '/key', { kind: 'publishable', access: 'verified' });
  const secret = await create<NewSigningSecret>(lab, '/signing-secret', {});
  const headers = { 'x-user-token': await signWithSecret(secret, `user_${randomUUID()}`) };
  const withdraw = { method: 'DELETE', path: `/signing-secret/${secret.id}` } as const;
  return { key, headers, code: 'user_token_invalid', withdraw, stopsAnswers: false };
}

/** A user whose token was signed by an issuer that is removed. */
async function userOfRemovedIssuer(lab: Lab): Promise<Access> {
  const { key } = await create<NewKey>(lab, '/key', { kind: 'publishable', access: 'verified' });
  const settings = newIssuerSettings(lab);
  await create(lab, '/token-issuer', settings, { 'x-api-key': lab.key }, 'PUT');
  const headers = { 'x-user-token': await signAsIdentityProvider(lab, settings, `user_${randomUUID()}`) };
  const withdraw = { method: 'DELETE', path: '/token-issuer' } as const;
  return { key, headers, code: 'user_token_invalid', withdraw, stopsAnswers: false };
}
