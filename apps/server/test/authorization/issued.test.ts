import { policies } from '@parley/api';
import type { ChatList, Key, NewKey, NewSigningSecret, ShownTokenIssuer } from '@parley/contract';
import { casesOfForm } from '@parley/embedded/testing/form';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { headersFor, operations } from '../support/operations.ts';
import { ask, transports } from '../support/transports.ts';

/*
 * Credentials issued by credentials: issuers with each limit and with each pair of limits, the credentials they try
 * to issue, and the actions these permit. The cases are generated: a further limit is one line.
 */

const { url, makeTeam, rest } = await startHarness();
const team = await makeTeam();
const otherAgent = (await team.makeAgent({ name: 'Other' })).id;
const chats = {
  own: await team.makeChat({ userId: 'ann' }),
  other: await team.makeChat({ userId: 'ann', agentId: otherAgent }),
};

const TOKEN_ISSUER = {
  url: 'https://login.example/jwks',
  issuer: 'https://login.example/',
  audience: 'chat',
};

type Limits = Partial<Pick<Key, 'agentIds' | 'scopes' | 'expiresAt' | 'tokensPerDay' | 'origins'>>;

/** For each limit: an issuer's value, a lower one and a higher one. */
const LIMITS = {
  agents: {
    has: { agentIds: [team.agent.id] },
    less: { agentIds: [team.agent.id] },
    more: { agentIds: [team.agent.id, otherAgent] },
  },
  scopes: {
    has: { scopes: ['chats:read', 'chats:write', 'agents:read', 'keys:write'] },
    less: { scopes: ['chats:read', 'keys:write'] },
    more: { scopes: ['chats:read', 'usage:read'] },
  },
  expiry: {
    has: { expiresAt: '2998-01-01T00:00:00.000Z' },
    less: { expiresAt: '2997-01-01T00:00:00.000Z' },
    more: { expiresAt: '2999-01-01T00:00:00.000Z' },
  },
  budget: {
    has: { tokensPerDay: 500_000 },
    less: { tokensPerDay: 400_000 },
    more: { tokensPerDay: 600_000 },
  },
  origins: {
    has: { origins: ['https://a.example', 'https://b.example'] },
    less: { origins: ['https://a.example'] },
    more: { origins: ['https://a.example', 'https://c.example'] },
  },
} as const satisfies Record<string, Record<'has' | 'less' | 'more', unknown>>;

type LimitName = keyof typeof LIMITS;
const limitNames = Object.keys(LIMITS) as LimitName[];

/** No limit, each one, and each pair. */
const issuers: LimitName[][] = [
  [],
  ...limitNames.map((name) => [name]),
  ...limitNames.flatMap((one, index) => limitNames.slice(index + 1).map((other) => [one, other])),
];

const limitsOf = (names: readonly LimitName[], which: 'has' | 'less' | 'more') =>
  Object.assign({}, ...names.map((name) => LIMITS[name][which])) as Limits;

async function issue(key: string, body: object) {
  const { status, body: made, apiError } = await rest<NewKey>('POST', '/key', { key, body });
  return status === 200 ? made : apiError.code;
}

/** Whether a key is within the limits of its issuer, written as in the documentation. */
function expectWithin(key: Key, limits: Limits): void {
  const { agentIds, scopes, expiresAt, tokensPerDay, origins } = limits;
  if (agentIds) expect(agentIds).toEqual(expect.arrayContaining(key.agentIds ?? ['all']));
  if (scopes && key.kind === 'secret') expect(scopes).toEqual(expect.arrayContaining(key.scopes ?? ['all']));
  if (expiresAt) expect(key.expiresAt?.localeCompare(expiresAt)).toBeLessThanOrEqual(0);
  if (tokensPerDay !== undefined) expect(key.tokensPerDay).toBeLessThanOrEqual(tokensPerDay);
  if (origins) expect(origins).toEqual(expect.arrayContaining(key.origins ?? ['all']));
}

/**
 * Actions of the key beyond its issuer's limits: reading chats of another agent, reading the team's usage, managing
 * who signs user tokens.
 */
async function expectNoMore({ id, key, scopes }: NewKey, names: readonly LimitName[]): Promise<void> {
  const { body } = await rest<ChatList>('GET', '/chat', { key });
  const shown = body.chats.map(({ id }) => id);
  expect(shown).toContain(chats.own.id);
  expect(shown.includes(chats.other.id)).toBe(!names.includes('agents'));
  expect((await rest('GET', `/chat/${chats.other.id}`, { key })).status).toBe(
    names.includes('agents') ? 404 : 200,
  );
  const mayReadUsage = key.startsWith('sk_') && !names.includes('scopes');
  expect((await rest('GET', '/usage', { key })).status).toBe(mayReadUsage ? 200 : 403);
  // Scopes that include all that a signing secret gives are no limit to it.
  const canDoAll =
    !scopes || ['chats:read', 'chats:write', 'keys:write'].every((one) => scopes.some((it) => it === one));
  const isUnlimited = key.startsWith('sk_') && canDoAll && names.every((name) => name === 'scopes');
  const secret = await rest<NewSigningSecret>('POST', '/signing-secret', { key });
  const issuer = await rest<ShownTokenIssuer>('PUT', '/token-issuer', { key, body: TOKEN_ISSUER });
  for (const { status, body } of [secret, issuer]) {
    expect([status, body.issuedBy]).toEqual(isUnlimited ? [200, id] : [403, undefined]);
  }
  await team.endSigningSecrets();
}

describe.each(casesOfForm(issuers, 6).map((names) => ({ names, title: names.join(' and ') || 'nothing' })))(
  'a key that is limited by $title',
  ({ names }) => {
    const make = async () => {
      const made = await issue(team.secretKey, { kind: 'secret', ...limitsOf(names, 'has') });
      if (typeof made === 'string') throw new Error(made);
      return made;
    };

    test('the key issues keys within its own limits, and they end with it', async () => {
      const issuer = await make();
      const reach = limitsOf(
        names.filter((name) => name === 'agents' || name === 'scopes'),
        'has',
      );
      const { scopes: _ofSecrets, ...reachOfPublishable } = reach;
      const bodies = [
        { kind: 'secret', ...reach },
        { kind: 'secret', ...limitsOf(names, 'has') },
        { kind: 'secret', ...limitsOf(names, 'less') },
        { kind: 'publishable', access: 'open', ...reachOfPublishable },
      ];
      const issued: NewKey[] = [];
      for (const body of bodies) {
        const made = await issue(issuer.key, body);
        if (typeof made === 'string') throw new Error(`${JSON.stringify(body)}: ${made}`);
        expect(made.issuedBy).toBe(issuer.id);
        expectWithin(made, limitsOf(names, 'has'));
        await expectNoMore(made, names);
        issued.push(made);
      }
      await team.rest('DELETE', `/key/${issuer.id}`, { query: { revokeIssued: String(names.length === 0) } });
      for (const { key } of issued) expect((await rest('GET', '/chat', { key })).status).toBe(401);
      // The last of these keys that was able to set the token issuer has set it.
      expect((await team.rest('GET', '/token-issuer')).status).toBe(404);
    });

    test.skipIf(names.length === 0)('the key issues no key that exceeds one of its limits', async () => {
      const issuer = await make();
      for (const name of names) {
        const body = { kind: 'secret', ...limitsOf(names, 'has'), ...LIMITS[name].more };
        expect(await issue(issuer.key, body), name).toBe(
          name === 'agents' ? 'agent_not_found' : 'key_beyond_yours',
        );
      }
    });

    test('the key raises neither its own limits nor those of its issued keys', async () => {
      const issuer = await make();
      const child = await issue(issuer.key, { kind: 'secret', ...limitsOf(names, 'less') });
      if (typeof child === 'string') throw new Error(child);
      const changeable = names.filter((name) => name !== 'agents' && name !== 'scopes');
      for (const name of changeable) {
        for (const { id } of [issuer, child]) {
          const request = { key: issuer.key, body: LIMITS[name].more };
          expect((await rest('PATCH', `/key/${id}`, request)).apiError.code, name).toBe('key_beyond_yours');
        }
      }
      const { body } = await team.rest<Key>('GET', `/key/${issuer.id}`);
      expect(body).toMatchObject(limitsOf(names, 'has'));
    });
  },
);

describe('procedures that return credentials', () => {
  const CREDENTIAL = /\b(?:[ps]k|gt|ss)_live_[0-9A-Za-z]{38}\b/;

  test.each(transports)(
    'every procedure that returns a credential over %s says so in its policy',
    async (transport) => {
      const answering: string[] = [];
      for (const [name, { validInput }] of Object.entries(operations)) {
        const { data } = await ask(transport, name, await validInput(team), {
          url,
          headers: await headersFor(team, name),
        });
        if (CREDENTIAL.test(JSON.stringify(data ?? ''))) answering.push(name);
      }
      const declared = Object.entries(policies).filter(([, policy]) => 'credential' in policy);
      expect(declared.map(([name]) => name)).toEqual(expect.arrayContaining(answering));
      expect(answering.sort()).toEqual(['guest.create', 'key.create', 'key.roll', 'signingSecret.create']);
    },
  );
});
