import { generateKeyPairSync } from 'node:crypto';
import {
  type Chat,
  type ChatList,
  limits,
  mintId,
  type NewKey,
  type NewSigningSecret,
} from '@parley/contract';
import { type JWTPayload, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

/*
 * A verified user: the customer's servers identify them with a signed token. OWASP API 2 (broken authentication), RFC
 * 8725.
 */

const { makeTeam, rest, url, log } = await startHarness();
const team = await makeTeam();
const other = await makeTeam();

const makeSecret = async (of = team) =>
  (await of.rest<NewSigningSecret>('POST', '/signing-secret', { body: { overlapSeconds: 60 } })).body;
const signing = await makeSecret();
const { key } = (
  await team.rest<NewKey>('POST', '/key', { body: { kind: 'publishable', access: 'verified' } })
).body;

const now = () => Math.floor(Date.now() / 1_000);
const goodClaims = (): JWTPayload => ({ sub: 'user_1', aud: team.id, exp: now() + 600 });

interface Signing {
  readonly claims?: JWTPayload;
  readonly secret?: string;
  readonly header?: Record<string, unknown>;
}

function sign({
  claims = goodClaims(),
  secret = signing.secret,
  header = {},
}: Signing = {}): Promise<string> {
  const encoded = new TextEncoder().encode(secret);
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', ...header }).sign(encoded);
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const without = (name: keyof JWTPayload): JWTPayload =>
  Object.fromEntries(Object.entries(goodClaims()).filter(([claim]) => claim !== name));

const list = (token: string, as = key) =>
  rest<ChatList>('GET', '/chat', { key: as, headers: { 'x-user-token': token } });

test('a token of the team’s servers gives its user access to their data only', async () => {
  const token = await sign();
  const headers = { 'x-user-token': token };
  const own = await rest<Chat>('POST', '/chat', { key, headers, body: { agentId: team.agent.id } });
  expect([own.status, own.body.userId]).toEqual([200, 'user_1']);
  await team.makeChat({ userId: 'user_2' });
  const { body } = await list(token);
  expect(body.chats.map(({ id }) => id)).toEqual([own.body.id]);
});

test.each([
  [
    'the team among several audiences',
    async () => sign({ claims: { ...goodClaims(), aud: ['x', team.id] } }),
  ],
  ['the secret named', async () => sign({ header: { kid: signing.id } })],
  ['claims of their own', async () => sign({ claims: { ...goodClaims(), plan: 'pro', role: 'admin' } })],
  ['an hour to live', async () => sign({ claims: { ...goodClaims(), exp: now() + 3_600 } })],
  [
    'an end that a clock half a minute off sees as past',
    async () => sign({ claims: { ...goodClaims(), exp: now() - 10 } }),
  ],
])('a token with %s is accepted', async (_, make) => {
  expect((await list(await make())).status).toBe(200);
});

describe('401 user_token_invalid', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const bad: readonly (readonly [string, () => string | Promise<string>])[] = [
    ['nothing', () => ''],
    ['no token at all', () => 'undefined'],
    ['a user id', () => 'user_1'],
    ['alg none', () => `${part({ alg: 'none' })}.${part(goodClaims())}.`],
    ['alg none, spelled otherwise', () => `${part({ alg: 'nOnE' })}.${part(goodClaims())}.`],
    [
      'alg none with a signature',
      async () => `${part({ alg: 'none' })}.${(await sign()).split('.').slice(1).join('.')}`,
    ],
    [
      'HS512 with the right secret',
      async () =>
        new SignJWT(goodClaims())
          .setProtectedHeader({ alg: 'HS512' })
          .sign(new TextEncoder().encode(signing.secret)),
    ],
    [
      'RS256 with a key of the sender',
      () => new SignJWT(goodClaims()).setProtectedHeader({ alg: 'RS256' }).sign(rsa.privateKey),
    ],
    [
      'a key in its own header',
      async () =>
        sign({
          secret: 'x'.repeat(43),
          header: { jwk: { kty: 'oct', k: Buffer.from('x'.repeat(43)).toString('base64url') } },
        }),
    ],
    ['no signature', async () => `${(await sign()).split('.').slice(0, 2).join('.')}.`],
    ['two parts', async () => (await sign()).split('.').slice(0, 2).join('.')],
    ['another signature', async () => sign({ secret: `${signing.secret}x` })],
    ['an empty secret’s signature', async () => sign({ secret: '\0' })],
    ['the id of the secret as the secret', async () => sign({ secret: signing.id })],
    [
      'claims changed after it was signed',
      async () => {
        const [header, , signature] = (await sign()).split('.');
        return `${header}.${part({ ...goodClaims(), sub: 'user_2' })}.${signature}`;
      },
    ],
    ['another team’s secret', async () => sign({ secret: (await makeSecret(other)).secret })],
    [
      'another team’s secret, named',
      async () => {
        const { secret, id } = await makeSecret(other);
        return sign({ secret, header: { kid: id } });
      },
    ],
    ['an unknown secret named', async () => sign({ header: { kid: mintId('secret') } })],
    [
      'a number as its kid',
      async () => `${part({ alg: 'HS256', kid: 7 })}.${(await sign()).split('.').slice(1).join('.')}`,
    ],
    ['a path as its kid', async () => sign({ header: { kid: '../../etc/passwd' } })],
    [
      'a critical extension',
      async () =>
        `${part({ alg: 'HS256', crit: ['exp'], exp: 1 })}.${(await sign()).split('.').slice(1).join('.')}`,
    ],
    ['another audience', async () => sign({ claims: { ...goodClaims(), aud: other.id } })],
    ['no audience', async () => sign({ claims: without('aud') })],
    ['no user', async () => sign({ claims: without('sub') })],
    ['an empty user', async () => sign({ claims: { ...goodClaims(), sub: '' } })],
    ['a user of 257 characters', async () => sign({ claims: { ...goodClaims(), sub: 'u'.repeat(257) } })],
    [
      'an operator as the user',
      async () => sign({ claims: { ...goodClaims(), sub: { $ne: null } as never } }),
    ],
    ['a guest as the user', async () => sign({ claims: { ...goodClaims(), sub: mintId('guest') } })],
    ['no end', async () => sign({ claims: without('exp') })],
    ['an end more than an hour ahead', async () => sign({ claims: { ...goodClaims(), exp: now() + 3_700 } })],
    ['an end in a far year', async () => sign({ claims: { ...goodClaims(), exp: 9e15 } })],
    ['a text as its end', async () => sign({ claims: { ...goodClaims(), exp: '4102444800' as never } })],
    ['a beginning ahead', async () => sign({ claims: { ...goodClaims(), nbf: now() + 300 } })],
    [
      'a wrong signature and an end that is past',
      async () => sign({ secret: 'wrong', claims: { ...goodClaims(), exp: now() - 300 } }),
    ],
    [
      'more than 4,096 characters',
      async () => sign({ claims: { ...goodClaims(), pad: 'x'.repeat(limits.userTokenLengthMax) } }),
    ],
    ['bytes that are no text', () => `${'%'.repeat(40)}.%%.%%`],
    ['an API key', () => team.secretKey],
  ];

  test.each(bad)('a token that is %s returns the one 401 user_token_invalid', async (_, make) => {
    const { status, apiError } = await list(await make());
    expect(status).toBe(401);
    const { requestId: _id, ...said } = apiError;
    expect(said).toEqual({
      error: 'Unauthorized',
      code: 'user_token_invalid',
      message:
        'This user token is not valid. Get a new one from your servers, or for a guest from `POST /guest`.',
    });
  });

  test('an invalid token is rejected with any key, also one that needs no token', async () => {
    for (const as of [team.secretKey, team.publishableKey, await team.guestKey()]) {
      expect((await list('nonsense', as)).apiError.code).toBe('user_token_invalid');
    }
  });
});

test('a token of 100 KB is rejected by the server before it is read', async () => {
  const response = await fetch(`${url}/chat`, {
    headers: { 'x-api-key': key, 'x-user-token': 'x'.repeat(100_000) },
  });
  expect(response.status).toBe(413);
});

test('an expired token is named as such, for clients that can get another', async () => {
  const { status, apiError } = await list(await sign({ claims: { ...goodClaims(), exp: now() - 300 } }));
  expect([status, apiError.code]).toEqual([401, 'user_token_expired']);
});

test('a key for verified users needs a token and accepts no guest', async () => {
  const without = await rest('GET', '/chat', { key });
  expect([without.status, without.apiError.code]).toEqual([401, 'user_token_needed']);
  const guest = await rest('POST', '/guest', { key });
  expect([guest.status, guest.apiError.code]).toEqual([403, 'guest_key_needed']);
  const { token } = await team.makeGuest();
  expect((await list(token)).apiError.code).toBe('user_token_invalid');
});

describe('a signing secret', () => {
  test('a signing secret is shown once and is listed without its text', async () => {
    const made = await makeSecret();
    expect(made).toMatchObject({ audience: team.id, secret: expect.stringMatching(/^ss_live_/) });
    const { text } = await team.rest('GET', '/signing-secret');
    expect(text).toContain(made.id);
    expect(text).not.toContain(made.secret);
  });

  test('a rolled secret works until its overlap ends, and the new one works at once for tokens that name it', async () => {
    const rolling = await makeTeam();
    const first = await makeSecret(rolling);
    const asVerified = (
      await rolling.rest<NewKey>('POST', '/key', { body: { kind: 'publishable', access: 'verified' } })
    ).body.key;
    const claims = { ...goodClaims(), aud: rolling.id };
    const statusWith = async (secret: NewSigningSecret, header = {}) =>
      (await list(await sign({ claims, secret: secret.secret, header }), asVerified)).status;
    expect(await statusWith(first)).toBe(200);
    const second = await makeSecret(rolling);
    expect(await statusWith(second, { kid: second.id })).toBe(200);
    expect(await statusWith(first)).toBe(200);
    await rolling.rest('DELETE', `/signing-secret/${first.id}`);
    await expect.poll(() => statusWith(first), { timeout: 10_000 }).toBe(401);
    await expect.poll(() => statusWith(second), { timeout: 10_000 }).toBe(200);
    expect(limits.cacheMs).toBeLessThan(5_000);
  });

  test('a sixth working secret returns 409', async () => {
    const busy = await makeTeam();
    for (let made = 0; made < limits.signingSecretsMax; made++) await makeSecret(busy);
    const { status, apiError } = await busy.rest('POST', '/signing-secret');
    expect([status, apiError.code]).toEqual([409, 'signing_secrets_full']);
  });
});

test('no secret and no token is in the log', async () => {
  const token = await sign();
  await list(token);
  const written = JSON.stringify(log.all(() => true));
  for (const secret of [signing.secret, token, token.split('.')[2] ?? '-', key])
    expect(written).not.toContain(secret);
});

test('a token for an anonymous visitor gives access to their chats and claims no guest', async () => {
  const token = await sign({ claims: { ...goodClaims(), sub: 'visitor_1', anonymous: true } });
  const headers = { 'x-user-token': token };
  const own = await rest<Chat>('POST', '/chat', { key, headers, body: { agentId: team.agent.id } });
  expect([own.status, own.body.userId]).toEqual([200, 'visitor_1']);
  const guest = await team.makeGuest();
  const claimed = await rest<{ code: string }>('POST', '/guest/claim', {
    key,
    headers,
    body: { guestToken: guest.token },
  });
  expect([claimed.status, claimed.body.code]).toEqual([403, 'verified_user_needed']);
});
