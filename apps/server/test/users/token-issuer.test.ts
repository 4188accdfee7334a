import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Chat, ChatList, ShownTokenIssuer } from '@parley/contract';
import { exportSPKI, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { rest as restAt } from '../support/client.ts';
import { type IssuerKey, makeIssuerKey, signAsIssuer, startTokenIssuer } from '../support/token-issuer.ts';

/*
 * Users with tokens of the customer's identity provider, verified by its public keys. The real issuer on 127.0.0.1 is
 * allowed here like private tools. RFC 7517, RFC 8725.
 */

const idp = await startTokenIssuer();
afterAll(() => idp.stop());
const { makeTeam, rest, startReplica } = await startHarness({ toolAddresses: { arePrivateAllowed: true } });
const team = await makeTeam();
const key = await team.verifiedKey();
const settings = { url: idp.url, issuer: 'https://login.example.com/', audience: 'chat' };

const keysOf = {
  RS256: await makeIssuerKey('RS256', 'r'),
  ES256: await makeIssuerKey('ES256', 'e'),
  EdDSA: await makeIssuerKey('EdDSA', 'd'),
};
const showAll = () => idp.show(...Object.values(keysOf).map(({ jwk }) => jwk));

const now = () => Math.floor(Date.now() / 1_000);
const goodClaims = (): JWTPayload => ({
  ...{ sub: 'user_1', iss: settings.issuer, aud: settings.audience, iat: now(), exp: now() + 600 },
});
const sign = (key: IssuerKey, claims = goodClaims(), header?: Parameters<typeof signAsIssuer>[2]) =>
  signAsIssuer(key, claims, header);
const list = (token: string) => rest<ChatList>('GET', '/chat', { key, headers: { 'x-user-token': token } });
const codeOf = async (token: string) => {
  const { status, apiError } = await list(token);
  return status === 200 ? 200 : apiError.code;
};

showAll();
beforeEach(async () => {
  idp.setUnavailable(false);
  await team.rest('PUT', '/token-issuer', { body: settings });
});

test.each(['RS256', 'ES256', 'EdDSA'] as const)(
  'a token of the issuer that is signed with %s is accepted',
  async (alg) => {
    const claims = { ...goodClaims(), sub: `auth0|${alg}` };
    const headers = { 'x-user-token': await sign(keysOf[alg], claims) };
    const made = await rest<Chat>('POST', '/chat', { key, headers, body: { agentId: team.agent.id } });
    expect([made.status, made.body.userId]).toEqual([200, `auth0|${alg}`]);
    await team.makeChat({ userId: 'user_2' });
    const { body } = await rest<ChatList>('GET', '/chat', { key, headers });
    expect(body.chats.map(({ id }) => id)).toEqual([made.body.id]);
  },
);

test('tokens of a signing secret continue to work beside an issuer', async () => {
  expect(await codeOf(await team.userToken('user_1'))).toBe(200);
});

describe('401 user_token_invalid', () => {
  const { RS256: rsa, ES256: ec } = keysOf;
  const claimsWith = (more: JWTPayload) => ({ ...goodClaims(), ...more });
  const without = (name: string) =>
    Object.fromEntries(Object.entries(goodClaims()).filter(([claim]) => claim !== name)) as JWTPayload;
  const bad: readonly (readonly [string, () => Promise<string>])[] = [
    ['another issuer', () => sign(ec, claimsWith({ iss: 'https://login.example.com' }))],
    ['no issuer', () => sign(ec, without('iss'))],
    ['another audience', () => sign(ec, claimsWith({ aud: team.id }))],
    ['no audience', () => sign(ec, without('aud'))],
    ['no subject', () => sign(ec, without('sub'))],
    ['no end', () => sign(ec, without('exp'))],
    ['no time of issue', () => sign(ec, without('iat'))],
    ['more than a day to live', () => sign(ec, claimsWith({ exp: now() + 25 * 3_600 }))],
    ['a beginning that is to come', () => sign(ec, claimsWith({ nbf: now() + 3_600 }))],
    ['a user id that is too long', () => sign(ec, claimsWith({ sub: 'u'.repeat(300) }))],
    ['the name of a guest', async () => sign(ec, claimsWith({ sub: (await team.makeGuest()).userId }))],
    ['a key the issuer does not have', async () => sign(await makeIssuerKey('ES256', 'unknown'))],
    ['the kid of another key of that type', async () => sign(await makeIssuerKey('ES256', 'e'))],
    ['the kid of a key of another type', () => sign(ec, goodClaims(), { kid: 'r' })],
    [
      'a signature that was changed',
      async () => {
        const token = await sign(ec);
        return `${token.slice(0, -4)}${token.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`;
      },
    ],
    [
      'the public key as if it were a shared secret',
      async () => {
        const pem = new TextEncoder().encode(await exportSPKI(rsa.publicKey));
        return new SignJWT(claimsWith({ aud: team.id })).setProtectedHeader({ alg: 'HS256' }).sign(pem);
      },
    ],
  ];
  test.each(bad)('a token with %s returns 401 user_token_invalid', async (_what, make) => {
    expect(await codeOf(await make())).toBe('user_token_invalid');
  });

  test('a token of the issuer for a team without it returns 401 user_token_invalid', async () => {
    const other = await makeTeam();
    const token = await sign(ec);
    const asked = { key: await other.verifiedKey(), headers: { 'x-user-token': token } };
    expect((await rest('GET', '/chat', asked)).apiError.code).toBe('user_token_invalid');
  });
});

test('an expired token is named as such', async () => {
  expect(await codeOf(await sign(keysOf.ES256, { ...goodClaims(), exp: now() - 60 }))).toBe(
    'user_token_expired',
  );
});

test('fetched keys continue while the issuer is unavailable, and a server without them returns 503, not 401', async () => {
  const token = await sign(keysOf.ES256);
  expect(await codeOf(token)).toBe(200);
  idp.setUnavailable(true);
  expect(await codeOf(token)).toBe(200);
  const replica = await startReplica();
  const asked = { key, headers: { 'x-user-token': token } };
  const { status, apiError, headers } = await restAt(replica.url, 'GET', '/chat', asked);
  expect([status, apiError.code]).toEqual([503, 'token_issuer_unavailable']);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  const before = idp.asked();
  await Promise.all(Array.from({ length: 20 }, () => restAt(replica.url, 'GET', '/chat', asked)));
  expect(idp.asked()).toBe(before);
});

test('a redirect of the issuer is not followed', async () => {
  const other = createServer((_request, response) => response.writeHead(302, { location: idp.url }).end());
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
  const before = idp.asked();
  await team.rest('PUT', '/token-issuer', { body: { ...settings, url } });
  expect(await codeOf(await sign(keysOf.ES256))).toBe('token_issuer_unavailable');
  expect(idp.asked()).toBe(before);
  other.close();
});

test('tokens of a removed issuer are rejected', async () => {
  expect((await team.rest<ShownTokenIssuer>('GET', '/token-issuer')).body).toEqual({
    ...settings,
    issuedBy: expect.stringMatching(/^key_/),
    updatedAt: expect.any(String),
  });
  expect((await team.rest('DELETE', '/token-issuer')).status).toBe(204);
  expect(await codeOf(await sign(keysOf.ES256))).toBe('user_token_invalid');
  for (const method of ['GET', 'DELETE']) {
    expect((await team.rest(method, '/token-issuer')).apiError.code).toBe('token_issuer_not_found');
  }
});

test('an issuer on a private address, or without TLS, is rejected unless private addresses are allowed', async () => {
  const strict = await startHarness();
  const own = await strict.makeTeam();
  for (const url of [
    'http://login.example.com/jwks',
    'https://127.0.0.1/jwks',
    'https://169.254.169.254/',
    'nonsense',
  ]) {
    const { status, apiError } = await own.rest('PUT', '/token-issuer', { body: { ...settings, url } });
    expect([status, apiError.code, apiError.issues?.[0]?.path]).toEqual([400, 'invalid_input', 'url']);
  }
  expect(
    (await team.rest('PUT', '/token-issuer', { body: { ...settings, url: 'https://168.63.129.16/' } }))
      .status,
  ).toBe(400);
});
