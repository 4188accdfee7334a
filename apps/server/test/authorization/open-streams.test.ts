import { type AppRouter, appRouter, restOperations, signUserToken, streamOperations } from '@parley/api';
import type { Answer, ErrorCode, Id, NewKey } from '@parley/contract';
import { casesOfForm } from '@parley/embedded/testing/form';
import { createTRPCClient, httpLink, type TRPCClient, type TRPCClientError } from '@trpc/client';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { startHarness, type Team } from '../harness.ts';
import { rest } from '../support/client.ts';
import { errorCodeOf, type OpenStream, openStream, type StreamEvent } from '../support/event-stream.ts';
import { makeIssuerKey, signAsIssuer, startTokenIssuer } from '../support/token-issuer.ts';

/*
 * Open streams, and requests that wait for their answers, end when their credentials end: every operation that streams
 * or waits, over REST and tRPC, for every way in which a credential can end. The lists are checked against the router,
 * so a new one fails here until it is added. The credential ends on one server, the streams are on another.
 */

const QUICK = { streamTimes: { checkEveryMs: 100, firstCheckMs: 50 } };
const harness = await startHarness({ ...QUICK, toolAddresses: { arePrivateAllowed: true } });
const { makeTeam, model, mongo, composition } = harness;
const other = await harness.startReplica();

type Headers = Readonly<Record<string, string>>;
interface Opening {
  /** Creates the objects of the request, before the model is held. */
  readonly prepare: (team: Team) => Promise<Record<string, string>>;
  readonly open: (things: Record<string, string>, headers: Headers) => Promise<OpenStream>;
  /** The stream of one answer, which may continue when a token expires. */
  readonly isOfAnswer: boolean;
}

const { url } = other;
const newChat = async (team: Team) => ({ chatId: (await team.makeChat()).id });
const trpc = (procedure: string, input: object, headers: Headers) =>
  openStream(url, 'GET', `/trpc/${procedure}`, { headers, query: { input: JSON.stringify(input) } });
/** Sends a message that is answered once the model is released. */
async function begin({ chatId = '' }: Record<string, string>, headers: Headers): Promise<string> {
  const body = { content: 'hello', role: 'user', wait: false };
  const sent = await harness.rest<Answer>('POST', `/chat/${chatId}/message`, { headers, body });
  if (sent.status !== 200) throw new Error(`not sent: ${JSON.stringify(sent.body)}`);
  return sent.body.id;
}

const openings: Readonly<Record<string, Opening>> = {
  'GET streamMessage': {
    prepare: newChat,
    open: async (things, headers) => {
      const messageId = await begin(things, headers);
      return openStream(url, 'GET', `/chat/${things['chatId']}/message/${messageId}/stream`, { headers });
    },
    isOfAnswer: true,
  },
  'GET streamChat': {
    prepare: newChat,
    open: async (things, headers) => {
      await begin(things, headers);
      return openStream(url, 'GET', `/chat/${things['chatId']}/stream`, { headers });
    },
    isOfAnswer: true,
  },
  'GET followChat': {
    prepare: newChat,
    open: ({ chatId }, headers) => openStream(url, 'GET', `/chat/${chatId}/events`, { headers }),
    isOfAnswer: false,
  },
  'GET followChats': {
    prepare: newChat,
    open: (_, headers) => openStream(url, 'GET', '/chat/events', { headers }),
    isOfAnswer: false,
  },
  'POST message.create': {
    prepare: newChat,
    open: ({ chatId }, headers) =>
      openStream(url, 'POST', `/chat/${chatId}/message`, {
        headers,
        body: { content: 'hello', role: 'user' },
      }),
    isOfAnswer: true,
  },
  'POST message.retry': {
    prepare: async (team) => ({ ...(await team.failed()) }),
    open: ({ chatId, messageId }, headers) =>
      openStream(url, 'POST', `/chat/${chatId}/message/${messageId}/retry`, { headers, body: {} }),
    isOfAnswer: true,
  },
  'tRPC chat.follow': {
    prepare: newChat,
    open: ({ chatId }, headers) => trpc('chat.follow', { chatId }, headers),
    isOfAnswer: false,
  },
  'tRPC chat.followAll': {
    prepare: newChat,
    open: (_, headers) => trpc('chat.followAll', {}, headers),
    isOfAnswer: false,
  },
  'tRPC message.follow': {
    prepare: newChat,
    open: async (things, headers) =>
      trpc('message.follow', { ...things, messageId: await begin(things, headers) }, headers),
    isOfAnswer: true,
  },
};

test('every streaming operation is among those that are opened here', () => {
  const procedures = Object.entries(appRouter._def.procedures as object) as [
    string,
    { _def: { type: string } },
  ][];
  const all = [
    ...streamOperations.map(({ operationId }) => `GET ${operationId}`),
    ...restOperations.filter(({ meta }) => meta.canStream).map(({ procedure }) => `POST ${procedure}`),
    ...procedures.filter(([, { _def }]) => _def.type === 'subscription').map(([name]) => `tRPC ${name}`),
  ];
  expect(Object.keys(openings).sort()).toEqual(all.sort());
});

/** The response to a request that waits for its answer without a stream. */
interface WaitEnd {
  readonly code?: string | undefined;
  readonly messageId?: string | undefined;
  readonly status?: string;
}

interface Waiting {
  readonly prepare: (team: Team) => Promise<Record<string, string>>;
  readonly ask: (things: Record<string, string>, headers: Headers) => Promise<WaitEnd>;
}

async function waitByRest(path: string, body: object, headers: Headers): Promise<WaitEnd> {
  const { status, body: answer, apiError } = await rest<Answer>(url, 'POST', path, { headers, body });
  return status === 200 ? { status: answer.status } : { code: apiError.code, messageId: apiError.messageId };
}

function waitByTrpc(call: (client: TRPCClient<AppRouter>) => Promise<Answer>, headers: Headers) {
  const client = createTRPCClient<AppRouter>({ links: [httpLink({ url: `${url}/trpc`, headers })] });
  return call(client).then(
    ({ status }): WaitEnd => ({ status }),
    (error: TRPCClientError<AppRouter>): WaitEnd => ({
      code: error.data?.apiError.code,
      messageId: error.data?.apiError.messageId,
    }),
  );
}

/** Every request that can wait for an answer. */
const waitings: Readonly<Record<string, Waiting>> = {
  'REST message.create': {
    prepare: newChat,
    ask: ({ chatId }, headers) =>
      waitByRest(`/chat/${chatId}/message`, { content: 'hello', role: 'user' }, headers),
  },
  'REST message.retry': {
    prepare: async (team) => ({ ...(await team.failed()) }),
    ask: ({ chatId, messageId }, headers) =>
      waitByRest(`/chat/${chatId}/message/${messageId}/retry`, {}, headers),
  },
  'tRPC message.create': {
    prepare: newChat,
    ask: ({ chatId = '' }, headers) =>
      waitByTrpc(({ message }) => message.create.mutate({ chatId, content: 'hello', role: 'user' }), headers),
  },
  'tRPC message.retry': {
    prepare: async (team) => ({ ...(await team.failed()) }),
    ask: ({ chatId = '', messageId = '' }, headers) =>
      waitByTrpc(({ message }) => message.retry.mutate({ chatId, messageId }), headers),
  },
};

test('every request that can wait for an answer is among those that wait here', () => {
  const all = restOperations
    .filter(({ meta }) => meta.canStream)
    .flatMap(({ procedure }) => [`REST ${procedure}`, `tRPC ${procedure}`]);
  expect(Object.keys(waitings).sort()).toEqual(all.sort());
});

interface Ending {
  readonly code: ErrorCode;
  /** It ends by itself at a known time. */
  readonly isExpiry?: true;
  /** It stops answers too, so the stream of an answer may reach the answer's end before the code. */
  readonly stopsAnswers?: true;
  /** Authorizes a caller and returns the function that withdraws it. */
  readonly letIn: (team: Team) => Promise<{
    headers: Headers;
    user?: string;
    end: () => Promise<unknown>;
  }>;
}

const newKey = async (team: Team, body: object, key = team.secretKey) =>
  (await team.rest<NewKey>('POST', '/key', { key, body })).body as NewKey & { id: Id<'key'> };
const must = async (done: Promise<{ status: number; body: unknown }>) => {
  const { status, body } = await done;
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`);
};
const withToken = async (team: Team, user: string) => ({
  'x-api-key': await team.guestKey(),
  'x-user-token': await team.userToken(user),
});
/**
 * Moves the server's clock beyond the end of every token, so that the time for opening the streams does not matter.
 */
const passTokens = async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
};
afterEach(() => void vi.useRealTimers());

const identityProvider = await startTokenIssuer();
afterAll(() => identityProvider.stop());
const issuerKey = await makeIssuerKey('ES256', 'e');
identityProvider.show(issuerKey.jwk);
const tokenIssuer = { url: identityProvider.url, issuer: 'https://login.example.com/', audience: 'chat' };
const setTokenIssuer = (team: Team, changed: object = {}, key = team.secretKey) =>
  must(team.rest('PUT', '/token-issuer', { key, body: { ...tokenIssuer, ...changed } }));
/** A user with a token of the team's token issuer. */
async function withIssuedToken(team: Team, user: string) {
  const now = Math.floor(Date.now() / 1_000);
  const { issuer: iss, audience: aud } = tokenIssuer;
  const claims = { sub: user, iss, aud, iat: now - 60, exp: now + 600 };
  return { 'x-api-key': await team.guestKey(), 'x-user-token': await signAsIssuer(issuerKey, claims) };
}
/** The same, after the issuer is set. */
async function withNewIssuer(team: Team, user: string) {
  await setTokenIssuer(team);
  return { headers: await withIssuedToken(team, user), user };
}

const endings: Readonly<Record<string, Ending>> = {
  'a secret key is revoked': {
    code: 'unauthorized',
    letIn: async (team) => {
      const { key, id } = await newKey(team, { kind: 'secret' });
      return { headers: { 'x-api-key': key }, end: () => must(team.rest('DELETE', `/key/${id}`)) };
    },
  },
  'a publishable key is revoked': {
    code: 'unauthorized',
    letIn: async (team) => {
      const { key, id } = await newKey(team, { kind: 'publishable', access: 'open' });
      return { headers: { 'x-api-key': key }, end: () => must(team.rest('DELETE', `/key/${id}`)) };
    },
  },
  'a key’s team is deleted': {
    code: 'unauthorized',
    letIn: async (team) => ({
      headers: { 'x-api-key': team.secretKey },
      end: async () => {
        const { deletions } = mongo.database.stores;
        await deletions.revokeCredentials(await deletions.beginTeam(team.id));
      },
    }),
  },
  'a key expires': {
    code: 'unauthorized',
    isExpiry: true,
    letIn: async (team) => {
      const { key, id } = await newKey(team, { kind: 'secret' });
      const soon = () => ({ expiresAt: new Date(Date.now() + 300).toISOString() });
      return {
        headers: { 'x-api-key': key },
        end: () => must(team.rest('PATCH', `/key/${id}`, { body: soon() })),
      };
    },
  },
  'an open key is made one for users': {
    code: 'user_token_needed',
    letIn: async (team) => {
      const { key, id } = await newKey(team, { kind: 'publishable', access: 'open' });
      return {
        headers: { 'x-api-key': key },
        end: () => must(team.rest('PATCH', `/key/${id}`, { body: { access: 'verified' } })),
      };
    },
  },
  'a key is limited to other origins': {
    code: 'key_origin_not_allowed',
    letIn: async (team) => {
      const { key, id } = await newKey(team, { kind: 'publishable', access: 'open' });
      return {
        headers: { 'x-api-key': key, origin: 'https://one.example' },
        end: () => must(team.rest('PATCH', `/key/${id}`, { body: { origins: ['https://two.example'] } })),
      };
    },
  },
  'an issuer is limited to other origins': {
    code: 'key_origin_not_allowed',
    letIn: async (team) => {
      const origins = ['https://one.example', 'https://two.example'];
      const issuer = await newKey(team, { kind: 'secret', origins });
      const child = await newKey(team, { kind: 'publishable', access: 'open' }, issuer.key);
      return {
        headers: { 'x-api-key': child.key, origin: 'https://one.example' },
        end: () =>
          must(team.rest('PATCH', `/key/${issuer.id}`, { body: { origins: ['https://two.example'] } })),
      };
    },
  },
  'an issuer’s revocation is half done': {
    code: 'unauthorized',
    letIn: async (team) => {
      const issuer = await newKey(team, { kind: 'secret' });
      const child = await newKey(team, { kind: 'secret' }, issuer.key);
      return {
        headers: { 'x-api-key': child.key },
        // The state after a process that died after its first write.
        end: () => mongo.database.stores.apiKeys.revoke({ team: team.id }, issuer.id, true),
      };
    },
  },
  'the revocation of a rolled issuer is half done': {
    code: 'unauthorized',
    letIn: async (team) => {
      const issuer = await newKey(team, { kind: 'secret' });
      const child = await newKey(team, { kind: 'secret' }, issuer.key);
      await must(team.rest('POST', `/key/${issuer.id}/roll`, { body: { overlapSeconds: 0 } }));
      return {
        headers: { 'x-api-key': child.key },
        end: () => mongo.database.stores.apiKeys.revoke({ team: team.id }, issuer.id, true),
      };
    },
  },
  'an earlier end is stored at the issuer alone': {
    code: 'unauthorized',
    isExpiry: true,
    letIn: async (team) => {
      const issuer = await newKey(team, { kind: 'secret' });
      const child = await newKey(team, { kind: 'secret' }, issuer.key);
      const soon = () => ({ $set: { expiresAt: new Date(Date.now() + 300) } });
      return {
        headers: { 'x-api-key': child.key },
        end: () => mongo.raw.collection('keys').updateOne({ _id: issuer.id as never }, soon()),
      };
    },
  },
  'the overlap of a rolled key ends': {
    code: 'unauthorized',
    isExpiry: true,
    letIn: async (team) => {
      const { key, id } = await newKey(team, { kind: 'secret' });
      return {
        headers: { 'x-api-key': key },
        end: () => must(team.rest('POST', `/key/${id}/roll`, { body: { overlapSeconds: 1 } })),
      };
    },
  },
  'the signing secret of a token is deleted': {
    code: 'user_token_invalid',
    letIn: async (team) => ({
      headers: await withToken(team, 'user_1'),
      user: 'user_1',
      end: async () => {
        const { signingSecrets } = mongo.database.stores;
        for (const { id } of await signingSecrets.list({ team: team.id })) {
          await signingSecrets.revoke({ team: team.id }, id);
        }
      },
    }),
  },
  'the token issuer is removed': {
    code: 'user_token_invalid',
    letIn: async (team) => ({
      ...(await withNewIssuer(team, 'user_1')),
      end: () => must(team.rest('DELETE', '/token-issuer')),
    }),
  },
  'the token issuer is replaced': {
    code: 'user_token_invalid',
    letIn: async (team) => ({
      ...(await withNewIssuer(team, 'user_1')),
      end: () => setTokenIssuer(team, { issuer: 'https://other.example.com/' }),
    }),
  },
  'the keys of the token issuer are looked for elsewhere': {
    code: 'user_token_invalid',
    letIn: async (team) => ({
      ...(await withNewIssuer(team, 'user_1')),
      end: () => setTokenIssuer(team, { url: `${tokenIssuer.url}?other` }),
    }),
  },
  'the key that set the token issuer is revoked with what it issued': {
    code: 'user_token_invalid',
    letIn: async (team) => {
      const { key, id } = await newKey(team, { kind: 'secret' });
      await setTokenIssuer(team, {}, key);
      return {
        headers: await withIssuedToken(team, 'user_1'),
        user: 'user_1',
        end: () => must(team.rest('DELETE', `/key/${id}`, { query: { revokeIssued: 'true' } })),
      };
    },
  },
  'a token of the token issuer expires': {
    code: 'user_token_expired',
    isExpiry: true,
    letIn: async (team) => ({
      ...(await withNewIssuer(team, 'user_1')),
      end: passTokens,
    }),
  },
  'a token expires': {
    code: 'user_token_expired',
    isExpiry: true,
    letIn: async (team) => ({
      headers: await withToken(team, 'user_1'),
      user: 'user_1',
      end: passTokens,
    }),
  },
  'a guest is deleted': {
    code: 'user_token_invalid',
    letIn: async (team) => {
      const { userId, token } = await team.makeGuest();
      return {
        headers: { 'x-api-key': await team.guestKey(), 'x-user-token': token },
        user: userId,
        end: () => mongo.raw.collection('guests').deleteOne({ _id: userId as never }),
      };
    },
  },
  'a guest’s chats are claimed': {
    code: 'user_token_invalid',
    letIn: async (team) => {
      const { userId, token } = await team.makeGuest();
      const claim = { headers: await withToken(team, 'user_9'), body: { guestToken: token } };
      return {
        headers: { 'x-api-key': await team.guestKey(), 'x-user-token': token },
        user: userId,
        end: () => must(harness.rest('POST', '/guest/claim', claim)),
      };
    },
  },
  'a user is blocked': {
    code: 'user_blocked',
    stopsAnswers: true,
    letIn: async (team) => ({
      headers: await withToken(team, 'user_1'),
      user: 'user_1',
      end: () => mongo.database.stores.userStatuses.block({ team: team.id }, 'user_1'),
    }),
  },
  'a user who comes with a secret key is blocked': {
    code: 'user_blocked',
    stopsAnswers: true,
    letIn: async (team) => ({
      headers: { ...(await withToken(team, 'user_1')), 'x-api-key': team.secretKey },
      user: 'user_1',
      // The request stops the user's answers too, so an answer's stream may reach its own end first.
      end: () => mongo.database.stores.userStatuses.block({ team: team.id }, 'user_1'),
    }),
  },
  'a guest is blocked': {
    code: 'user_blocked',
    stopsAnswers: true,
    letIn: async (team) => {
      const { userId, token } = await team.makeGuest();
      return {
        headers: { 'x-api-key': await team.guestKey(), 'x-user-token': token },
        user: userId,
        end: () => mongo.database.stores.userStatuses.block({ team: team.id }, userId),
      };
    },
  },
  'a user is signed out': {
    code: 'user_signed_out',
    letIn: async (team) => ({
      headers: await withToken(team, 'user_1'),
      user: 'user_1',
      end: () => must(team.rest('POST', '/user/user_1/sign-out')),
    }),
  },
  'a chat page visitor is signed out': {
    code: 'user_signed_out',
    letIn: async (team) => {
      const user = 'visitor_1';
      const life = { seconds: 600, isAnonymous: true };
      const { token } = await signUserToken(mongo.database.stores, team.id, user, life);
      return {
        headers: { 'x-api-key': await team.guestKey(), 'x-user-token': token },
        user,
        end: () => must(team.rest('POST', `/user/${user}/sign-out`)),
      };
    },
  },
  'a guest is signed out': {
    code: 'user_signed_out',
    letIn: async (team) => {
      const { userId, token } = await team.makeGuest();
      return {
        headers: { 'x-api-key': await team.guestKey(), 'x-user-token': token },
        user: userId,
        end: () => must(team.rest('POST', `/user/${userId}/sign-out`)),
      };
    },
  },
};

/** Whether a stream said that its answer was stopped. */
function isStopped(events: readonly StreamEvent[]): boolean {
  return events.some(({ data }) => data.includes('"type":"abort"') || data.includes('"status":"stopped"'));
}

describe.each(casesOfForm(Object.entries(endings), 6))(
  'when %s',
  (_name, { code, isExpiry, stopsAnswers, letIn }) => {
    test('every stream and waiting request ends with the code, and every stream gives its place back', async () => {
      const team = await makeTeam();
      const probe = await letIn(team);
      const owner = probe.user === undefined ? team : team.withChatsOf(probe.user);
      const things: Record<string, Record<string, string>> = {};
      for (const [name, { prepare }] of Object.entries({ ...openings, ...waitings })) {
        things[name] = await prepare(owner);
      }
      const gate = model.hold();
      const open = await Promise.all(
        Object.entries(openings).map(async ([name, opening]) => {
          const stream = await opening.open(things[name] ?? {}, probe.headers);
          return { name, opening, stream, events: stream.rest() };
        }),
      );
      expect(open.map(({ name, stream }) => [name, stream.status])).toEqual(
        open.map(({ name }) => [name, 200]),
      );
      const waiting = Object.entries(waitings).map(([name, { ask }]) => ({
        name,
        end: ask(things[name] ?? {}, probe.headers),
      }));
      const { streams } = other.composition.services;
      await expect.poll(() => streams.size).toBe(open.length + waiting.length);
      await probe.end();
      for (const { name, opening, events } of open) {
        if (isExpiry && opening.isOfAnswer) continue;
        const received = await events;
        if (stopsAnswers && opening.isOfAnswer && isStopped(received)) continue;
        expect([name, errorCodeOf(received)]).toEqual([name, code]);
      }
      for (const { name, end } of isExpiry ? [] : waiting) {
        const result = await end;
        if (stopsAnswers && result.status === 'stopped') continue;
        expect([name, result]).toEqual([name, { code, messageId: expect.stringMatching(/^msg_/) }]);
      }
      if (isExpiry) gate.release();
      for (const { name, end } of isExpiry ? waiting : []) {
        expect([name, await end]).toEqual([name, { status: 'completed' }]);
      }
      for (const { name, opening, events } of open) {
        if (!isExpiry || !opening.isOfAnswer) continue;
        expect([name, errorCodeOf(await events)]).toEqual([name, undefined]);
      }
      await expect.poll(() => other.composition.services.streams.size).toBe(0);
      expect(composition.services.streams.size).toBe(0);
    });
  },
);

test('setting the same token issuer again ends no stream', async () => {
  const team = await makeTeam();
  const { headers, user } = await withNewIssuer(team, 'user_1');
  const { chatId } = await newChat(team.withChatsOf(user));
  const stream = await openStream(url, 'GET', `/chat/${chatId}/events`, { headers });
  const events = stream.rest();
  const checks = vi.spyOn(mongo.database.stores.credentials, 'read');
  await setTokenIssuer(team);
  // A check begins when the one before has ended, so the first of these has seen the issuer.
  const before = checks.mock.calls.length;
  await expect.poll(() => checks.mock.calls.length).toBeGreaterThan(before + 1);
  await must(team.rest('POST', `/user/${user}/sign-out`));
  expect(errorCodeOf(await events)).toBe('user_signed_out');
});
