import { expect } from 'vitest';
import {
  makeIssuerKey,
  signAsIssuer,
  startTokenIssuer,
} from '../../../apps/server/test/support/token-issuer.ts';
import type { UpgradeScenario } from '../scenario.ts';

const names = { issuer: 'https://login.example.com/', audience: 'chat' };

async function tokenOf(key: Awaited<ReturnType<typeof makeIssuerKey>>, user: string) {
  const now = Math.floor(Date.now() / 1_000);
  const claims = { sub: user, iss: names.issuer, aud: names.audience, iat: now, exp: now + 600 };
  return { 'x-user-token': await signAsIssuer(key, claims) };
}

export const tokenIssuers: readonly UpgradeScenario[] = [
  {
    name: 'a token issuer is this version’s alone: the old one rejects its tokens, keeps the setting, and revokes nothing of it',
    fields: ['url', 'issuer', 'audience', 'updatedAt', 'issuedBy', 'issuers'].map(
      (name) => `teams.tokenIssuer.${name}`,
    ),
    async run({ old, start }) {
      const provider = await startTokenIssuer();
      try {
        const signer = await makeIssuerKey('ES256', 'e');
        provider.show(signer.jwk);
        const current = await start('current', { arePrivateAddressesAllowed: true });
        const { key } = (
          await current.call('POST', '/key', { body: { kind: 'publishable', access: 'verified' } })
        ).body;
        const scopes = ['chats:read', 'chats:write', 'keys:write'];
        const { body: setter } = await current.call('POST', '/key', { body: { kind: 'secret', scopes } });
        const body = { url: provider.url, ...names };
        expect((await current.call('PUT', '/token-issuer', { body, key: setter.key })).status).toBe(200);

        const headers = await tokenOf(signer, 'vouched_for');
        expect((await current.call('GET', '/chat', { key, headers })).status).toBe(200);
        const rejected = await old.call('GET', '/chat', { key, headers });
        expect([rejected.status, rejected.body.code]).toEqual([401, 'user_token_invalid']);
        expect((await old.call('GET', '/token-issuer')).status).toBe(404);

        const { body: team } = await old.call('GET', '/team');
        expect((await old.call('PATCH', '/team', { body: { name: team.name } })).status).toBe(200);
        // A key that is revoked at the old version ends; what it issued is ended by this version, when asked again.
        expect((await old.call('DELETE', `/key/${setter.id}`)).status).toBe(204);
        expect((await current.call('GET', '/token-issuer')).body).toMatchObject({
          ...body,
          issuedBy: setter.id,
        });
        expect((await current.call('DELETE', `/key/${setter.id}`)).status).toBe(204);
        expect((await current.call('GET', '/token-issuer')).status).toBe(404);
        const again = await current.call('GET', '/chat', { key, headers });
        expect(again.body.code).toBe('user_token_invalid');
      } finally {
        await provider.stop();
      }
    },
  },
];
