import { type ScriptedModel, startScriptedModel } from '@parley/agent/testing';
import type { AppRouter } from '@parley/api';
import { type Answer, type Chat, type Id, mintId, type NewAgent } from '@parley/contract';
import { type AgentRecord, type Database, mintApiKey } from '@parley/db';
import type { TurnBounds } from '@parley/turns';
import type { TRPCClient } from '@trpc/client';
import { afterAll } from 'vitest';
import { type Composition, compose } from '../src/compose.ts';
import { createLog } from '../src/log.ts';
import type { ModelSource } from '../src/model-source.ts';
import { type RestAnswer, type RestRequest, rest, trpcClient } from './support/client.ts';
import { LogLines } from './support/log-lines.ts';
import { openTestDatabase, type TestDatabase } from './support/test-database.ts';

export interface HarnessOptions {
  readonly bounds?: Partial<TurnBounds>;
  readonly contextTokens?: number;
  /** What the server's own connection is made of the database's address: a proxy's, say. */
  readonly addressOf?: (uri: string) => string;
  /** Puts something between the server and its stores. */
  readonly alter?: (database: Database) => Database;
  /** Where the model is, when it is not the scripted one. */
  readonly endpoint?: ModelSource['endpoint'];
}

/** A listening server over a database of its own, with a scripted model. It ends with the test file. */
export interface Harness {
  readonly url: string;
  readonly model: ScriptedModel;
  readonly mongo: TestDatabase;
  readonly log: LogLines;
  readonly composition: Composition;
  /** A team with an agent and a key of each kind. */
  makeTeam(agent?: Partial<NewAgent>): Promise<Team>;
  rest<Body = unknown>(method: string, path: string, request?: RestRequest): Promise<RestAnswer<Body>>;
  trpc(key?: string): TRPCClient<AppRouter>;
  /** A second server process, as far as one process can tell, on the same database and model. */
  startReplica(options?: Pick<HarnessOptions, 'bounds'>): Promise<Pick<Harness, 'url' | 'composition'>>;
}

export interface Team {
  readonly id: Id<'team'>;
  readonly secretKey: string;
  readonly publishableKey: string;
  readonly agent: AgentRecord;
  /** With the secret key. */
  readonly trpc: TRPCClient<AppRouter>;
  rest<Body = unknown>(method: string, path: string, request?: RestRequest): Promise<RestAnswer<Body>>;
  makeAgent(agent?: Partial<NewAgent>): Promise<AgentRecord>;
  makeChat(input?: { userId?: string; metadata?: object; agentId?: string }): Promise<Chat>;
  /** Sends a message and waits for its answer, whatever it is. */
  send(chatId: string, content: string, request?: RestRequest): Promise<RestAnswer<Answer>>;
}

export async function startHarness(options: HarnessOptions = {}): Promise<Harness> {
  const [mongo, model] = await Promise.all([openTestDatabase(options.addressOf), startScriptedModel()]);
  const log = new LogLines();
  const endpoint =
    options.endpoint ?? (() => ({ baseUrl: model.baseUrl, apiKey: 'sk-model-key', model: 'm1' }));
  const running: Composition[] = [];

  const start = async (bounds: Partial<TurnBounds> | undefined) => {
    const composition = await compose({
      database: options.alter?.(mongo.database) ?? mongo.database,
      model: { endpoint },
      log: createLog('trace', log),
      contextTokens: options.contextTokens ?? 6_000,
      ...(bounds && { bounds }),
    });
    running.push(composition);
    const url = await composition.app.listen({ port: 0, host: '127.0.0.1' });
    return { url, composition };
  };

  const { url, composition } = await start(options.bounds);
  afterAll(async () => {
    await Promise.all(running.map((one) => one.close(0)));
    await model.stop();
    await mongo.drop();
  });
  return {
    url,
    model,
    mongo,
    log,
    composition,
    makeTeam: (agent) => makeTeam(url, mongo.database, agent),
    rest: (method, path, request) => rest(url, method, path, request),
    trpc: (key) => trpcClient(url, key),
    startReplica: ({ bounds } = {}) => start(bounds),
  };
}

async function makeTeam(url: string, { stores }: Database, agent: Partial<NewAgent> = {}): Promise<Team> {
  const scope = { team: mintId('team') };
  const secretKey = mintApiKey('secret');
  const publishableKey = mintApiKey('publishable');
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
  return {
    id: scope.team,
    secretKey,
    publishableKey,
    agent: firstAgent,
    trpc: trpcClient(url, secretKey),
    rest: send,
    makeAgent,
    makeChat: async (input = {}) =>
      (await send<Chat>('POST', '/chat', { body: { agentId: firstAgent.id, ...input } })).body,
    send: (chatId, content, request) =>
      send('POST', `/chat/${chatId}/message`, { body: { content, role: 'user' }, ...request }),
  };
}
