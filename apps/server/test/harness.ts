import { Readable } from 'node:stream';
import type { AgentBounds, ModelApi, ModelServer, ToolAddresses } from '@parley/agent';
import { type Gate, type ScriptedModel, scripts, startScriptedModel } from '@parley/agent/testing';
import type { AppRouter, Policy, RateLimits, StreamLimits, StreamTimes, TurnLimits } from '@parley/api';
import { type Answer, type Chat, type Id, type ModelChoice, mintId, type NewGuest } from '@parley/contract';
import {
  type AgentRecord,
  connectDatabase,
  type Database,
  mintApiKey,
  type NewAgentFields,
} from '@parley/db';
import type { TurnBounds } from '@parley/turns';
import type { TRPCClient } from '@trpc/client';
import { SignJWT } from 'jose';
import { afterAll, afterEach } from 'vitest';
import type { ServerDeps } from '../src/build-server.ts';
import { type Composition, compose } from '../src/compose.ts';
import type { TrustProxy } from '../src/gate/client-address.ts';
import { createLog } from '../src/log.ts';
import type { Metrics } from '../src/metrics.ts';
import type { ModelSource } from '../src/model-source.ts';
import type { WebApp } from '../src/routes/web.ts';
import { type RestAnswer, type RestRequest, rest, trpcClient } from './support/client.ts';
import { type OpenStream, openStream } from './support/event-stream.ts';
import { LogLines } from './support/log-lines.ts';
import { openTestDatabase, type TestDatabase } from './support/test-database.ts';

export interface HarnessOptions {
  readonly bounds?: Partial<TurnBounds>;
  readonly agentBounds?: Partial<AgentBounds>;
  readonly contextTokens?: number;
  /** Changes the address of the database for the server's own connection, for example to that of a proxy. */
  readonly addressOf?: (uri: string) => string;
  /** Wraps the server's stores. */
  readonly alter?: (database: Database) => Database;
  /** Requests a minute. By default none are counted. */
  readonly rateLimits?: Partial<RateLimits>;
  /** Unfinished turns at a time. By default there is no limit. */
  readonly turnLimits?: TurnLimits;
  readonly teamFilesBytesMax?: number;
  /** Streams that may be open at the same time. */
  readonly streamLimits?: Partial<StreamLimits>;
  readonly streamTimes?: Partial<StreamTimes>;
  /** The addresses under which browsers open this server's own pages. */
  readonly publicUrls?: readonly string[];
  readonly trustProxy?: TrustProxy;
  readonly connections?: ServerDeps['connections'];
  readonly connectionTimes?: ServerDeps['connectionTimes'];
  readonly toolAddresses?: ToolAddresses;
  readonly metrics?: Metrics;
  /** The address of the model, if it is not the scripted one. */
  readonly endpoint?: ModelSource['endpoint'];
  /** Further providers, and the models of agents that name none. */
  readonly providers?: ReadonlyMap<string, ModelServer>;
  readonly defaultModels?: readonly ModelChoice[];
  /** The API of the scripted model. Default: Chat Completions. */
  readonly api?: ModelApi;
  /** The chat page, which few tests need. */
  readonly web?: WebApp;
  /** The folder of the built documentation. */
  readonly docsFolder?: string;
}

/** The options of a second server. */
type ReplicaOptions = Pick<HarnessOptions, 'bounds' | 'docsFolder' | 'connectionTimes'> & {
  /** Gives it a connection and caches of its own, as another process has them. */
  readonly hasOwnDatabase?: boolean;
};

/** The lifetime of signed tokens: longer than any test file runs. */
const OVERLAP_MS = 60 * 60_000;

const noLimits: RateLimits = {
  publishable: 0,
  secret: 0,
  user: 0,
  address: 0,
  unidentified: 0,
  newVisitors: 0,
  files: 0,
};

/** A listening server over a separate database, with a scripted model. It ends with the test file. */
export interface Harness {
  readonly url: string;
  readonly model: ScriptedModel;
  readonly mongo: TestDatabase;
  readonly log: LogLines;
  readonly composition: Composition;
  /** A team with an agent and a key of each kind. */
  makeTeam(agent?: Partial<NewAgentFields>): Promise<Team>;
  rest<Body = unknown>(method: string, path: string, request?: RestRequest): Promise<RestAnswer<Body>>;
  trpc(key?: string): TRPCClient<AppRouter>;
  /** A second server process, as far as one process can be two, on the same database and model. */
  startReplica(options?: ReplicaOptions): Promise<Pick<Harness, 'url' | 'composition'>>;
}

export interface Team {
  readonly id: Id<'team'>;
  readonly secretKey: string;
  readonly publishableKey: string;
  readonly agent: AgentRecord;
  /** With the secret key. */
  readonly trpc: TRPCClient<AppRouter>;
  rest<Body = unknown>(method: string, path: string, request?: RestRequest): Promise<RestAnswer<Body>>;
  makeAgent(agent?: Partial<NewAgentFields>): Promise<AgentRecord>;
  /** A publishable key for guests and verified users; the same for all calls. */
  guestKey(): Promise<string>;
  /** A publishable key for verified users only; a new one each time. */
  verifiedKey(): Promise<string>;
  /** Creates a guest of that key, at this address if a proxy in front of the server is trusted: their token and user id. */
  makeGuest(address?: string): Promise<NewGuest>;
  /** A token as the team's servers sign it, with a secret of the team, valid for ten minutes. */
  userToken(userId?: string, lifeSeconds?: number, issuedAt?: Date): Promise<string>;
  /** Creates a further signing secret and returns its id. The number of working secrets is limited. */
  makeSigningSecret(): Promise<Id<'secret'>>;
  /** Ends all signing secrets except the one of `userToken`. */
  endSigningSecrets(): Promise<void>;
  /** The headers of a request of such a caller. */
  headersOf(caller: OperationCaller): Promise<Record<string, string>>;
  /** The same team, whose chats are created for this user. */
  withChatsOf(userId: string): Team;
  /** Creates a further key and returns its id. */
  makeKey(): Promise<Id<'key'>>;
  /** Uploads a text that was not sent: as the user of `withChatsOf`, if there is one. */
  makeFile(content?: string): Promise<Id<'file'>>;
  makeChat(input?: { userId?: string; metadata?: object; agentId?: string }): Promise<Chat>;
  /** Sends a message and waits for its answer or its error. */
  send(chatId: string, content: string, request?: RestRequest): Promise<RestAnswer<Answer>>;
  /** Sends a message and streams its answer. */
  stream(chatId: string, content: string, request?: StreamRequest): Promise<OpenStream>;
  /** Resumes the stream of an answer after an event, on any server. */
  resume(answer: OneAnswer, request?: ResumeRequest): Promise<OpenStream>;
  /** Creates a chat with a completed answer. */
  answered(): Promise<OneAnswer>;
  /** Creates a chat with a failed answer, whose retry would succeed. */
  failed(): Promise<OneAnswer>;
}

/** The caller that a policy allows. */
export type OperationCaller = Policy['callers'];

interface StreamRequest {
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Fields beside the content and the role. */
  readonly body?: object;
}

interface ResumeRequest {
  readonly url?: string;
  /** The id of the last event. */
  readonly after?: string | undefined;
}

/** Names an answer; the type of a literal, so that it is an input as well. */
export type OneAnswer = { readonly chatId: Id<'chat'>; readonly messageId: Id<'message'> };

export async function startHarness(options: HarnessOptions = {}): Promise<Harness> {
  const [mongo, scripted] = await Promise.all([openTestDatabase(options.addressOf), startScriptedModel()]);
  const model = releasedAfterEach(scripted);
  const log = new LogLines();
  const endpoint =
    options.endpoint ??
    (() => ({ api: options.api, baseUrl: model.baseUrl, apiKey: 'sk-model-key', model: 'm1' }));
  const running: Composition[] = [];
  const ownDatabases: Database[] = [];

  const start = async (own: Database, { bounds, docsFolder, connectionTimes }: ReplicaOptions) => {
    const composition = await compose({
      database: options.alter?.(own) ?? own,
      model: { endpoint },
      ...{ providers: options.providers, defaultModels: options.defaultModels },
      log: createLog('trace', log),
      contextTokens: options.contextTokens ?? 6_000,
      web: options.web,
      docsFolder,
      // So frequent that a change is soon visible.
      bounds: { countEveryMs: 20, ...bounds },
      ...(options.turnLimits && { turnLimits: options.turnLimits }),
      teamFilesBytesMax: options.teamFilesBytesMax,
      ...(options.rateLimits && { rateLimits: { ...noLimits, ...options.rateLimits } }),
      streamLimits: options.streamLimits,
      streamTimes: options.streamTimes,
      publicUrls: options.publicUrls,
      trustProxy: options.trustProxy,
      connections: options.connections,
      connectionTimes,
      toolAddresses: options.toolAddresses,
      metrics: options.metrics,
      ...(options.agentBounds && { agentBounds: options.agentBounds }),
    });
    running.push(composition);
    const url = await composition.app.listen({ port: 0, host: '127.0.0.1' });
    return { url, composition };
  };

  const startReplica = async (replica: ReplicaOptions = {}) => {
    if (!replica.hasOwnDatabase) return start(mongo.database, replica);
    const own = await connectDatabase(options.addressOf?.(mongo.uri) ?? mongo.uri);
    ownDatabases.push(own);
    return start(own, replica);
  };

  const { url, composition } = await start(mongo.database, options);
  afterAll(async () => {
    await Promise.all(running.map((one) => one.close(0)));
    await Promise.all(ownDatabases.map((own) => own.close()));
    await model.stop();
    await mongo.drop();
  });
  return {
    url,
    model,
    mongo,
    log,
    composition,
    makeTeam: (agent) => makeTeam(url, mongo.database, model, agent),
    rest: (method, path, request) => rest(url, method, path, request),
    trpc: (key) => trpcClient(url, key),
    startReplica,
  };
}

/** Releases the model of a test that fails while it holds the model, so that later tests do not wait. */
function releasedAfterEach(model: ScriptedModel): ScriptedModel {
  const held: Gate[] = [];
  afterEach(() => {
    for (const gate of held.splice(0)) gate.release();
  });
  const hold = () => {
    const gate = model.hold();
    held.push(gate);
    return gate;
  };
  return { ...model, hold };
}

async function makeTeam(
  url: string,
  { stores }: Database,
  model: ScriptedModel,
  agent: Partial<NewAgentFields> = {},
): Promise<Team> {
  const scope = { team: mintId('team') };
  const secretKey = mintApiKey('secret');
  const publishableKey = mintApiKey('publishable');
  let guestKey: Promise<string> | undefined;
  let signing: Awaited<ReturnType<typeof stores.signingSecrets.create>>;
  const makeAgent: Team['makeAgent'] = (more = {}) =>
    stores.agents.create(scope, { name: 'Ada', type: 'support', ...more });
  const [firstAgent] = await Promise.all([
    makeAgent(agent),
    stores.teams.create({ id: scope.team, name: 'Team' }),
    stores.apiKeys.create(scope, secretKey),
    stores.apiKeys.create(scope, publishableKey),
  ]);
  const send: Team['rest'] = (method, path, request) =>
    rest(url, method, path, { key: secretKey, ...request });
  /** The team, and the default fields of its chats. */
  const teamOf = (defaults: { userId?: string }): Team => {
    const team: Team = {
      id: scope.team,
      secretKey,
      publishableKey,
      agent: firstAgent,
      trpc: trpcClient(url, secretKey),
      rest: send,
      makeAgent,
      withChatsOf: (userId) => teamOf({ userId }),
      guestKey: () => {
        guestKey ??= stores.apiKeys.issue(scope, 'publishable', { access: 'guest' }).then(({ key }) => key);
        return guestKey;
      },
      verifiedKey: async () => (await stores.apiKeys.issue(scope, 'publishable', { access: 'verified' })).key,
      async makeGuest(address) {
        const headers = { ...(address !== undefined && { 'x-forwarded-for': address }) };
        return (await send<NewGuest>('POST', '/guest', { key: await team.guestKey(), headers })).body;
      },
      async userToken(userId = 'user_1', lifeSeconds = 600, issuedAt) {
        const working = await stores.signingSecrets.list(scope);
        const soon = Date.now() + 10_000;
        if (
          !working.some(({ id, expiresAt }) => id === signing?.info.id && !(expiresAt && +expiresAt < soon))
        ) {
          for (const { id } of working) await stores.signingSecrets.revoke(scope, id);
          signing = await stores.signingSecrets.create(scope, new Date(Date.now() + OVERLAP_MS));
        }
        if (!signing) throw new Error('no signing secret could be made');
        return new SignJWT(issuedAt && { iat: Math.floor(issuedAt.getTime() / 1_000) })
          .setProtectedHeader({ alg: 'HS256', kid: signing.info.id })
          .setSubject(userId)
          .setAudience(scope.team)
          .setExpirationTime(new Date(Date.now() + lifeSeconds * 1_000))
          .sign(new TextEncoder().encode(signing.secret));
      },
      async makeSigningSecret() {
        await team.endSigningSecrets();
        const made = await stores.signingSecrets.create(scope, new Date(Date.now() + OVERLAP_MS));
        if (!made) throw new Error('no signing secret could be made');
        return made.info.id;
      },
      async endSigningSecrets() {
        for (const { id } of await stores.signingSecrets.list(scope)) {
          if (id !== signing?.info.id) await stores.signingSecrets.revoke(scope, id);
        }
      },
      async headersOf(caller) {
        switch (caller) {
          case 'everyone':
          case 'secret':
            return { 'x-api-key': secretKey };
          case 'anonymous':
            return { 'x-api-key': await team.guestKey() };
          case 'verified':
            return { 'x-api-key': await team.guestKey(), 'x-user-token': await team.userToken() };
        }
      },
      makeKey: async () => (await stores.apiKeys.issue(scope, 'publishable', {})).info.id,
      async makeFile(content = 'The text of a file.') {
        const { userId: user } = defaults;
        const owner = { ...scope, ...(user !== undefined && { user }) };
        const id = await stores.files.begin(owner, 'notes.txt');
        const bytes = Buffer.from(content);
        await stores.files.write(id, Readable.from([bytes]));
        await stores.files.finish(owner, id, { mediaType: 'text/plain', bytes: bytes.length }, Infinity);
        return id;
      },
      makeChat: async (input = {}) =>
        (await send<Chat>('POST', '/chat', { body: { agentId: firstAgent.id, ...defaults, ...input } })).body,
      send: (chatId, content, request) =>
        send('POST', `/chat/${chatId}/message`, { body: { content, role: 'user' }, ...request }),
      stream: (chatId, content, { url: base = url, headers = {}, body = {} } = {}) =>
        openStream(base, 'POST', `/chat/${chatId}/message`, {
          key: secretKey,
          headers,
          body: { content, role: 'user', ...body },
        }),
      resume: ({ chatId, messageId }, { url: base = url, after } = {}) =>
        openStream(base, 'GET', `/chat/${chatId}/message/${messageId}/stream`, {
          key: secretKey,
          ...(after !== undefined && { headers: { 'last-event-id': after } }),
        }),
      async answered() {
        const { id: chatId } = await team.makeChat();
        return { chatId, messageId: (await team.send(chatId, 'hello')).body.id };
      },
      async failed() {
        const { id: chatId } = await team.makeChat();
        const content = `fails once ${chatId}`;
        let isFirst = true;
        model.replyTo(content, (call) => {
          const script = isFirst ? scripts.status(401) : scripts.echo();
          isFirst = false;
          return script(call);
        });
        const { apiError } = await team.send(chatId, content);
        if (!apiError.messageId) throw new Error(`no answer failed: ${JSON.stringify(apiError)}`);
        return { chatId, messageId: apiError.messageId };
      },
    };
    return team;
  };
  return teamOf({});
}
