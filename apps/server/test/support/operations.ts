import { policies } from '@parley/api';
import type { OperationCaller, Team } from '../harness.ts';

/** The requests of one operation, for the tests that run for every operation. */
export interface OperationExample {
  /** Creates an input that succeeds for this team. Some inputs succeed only once. */
  readonly validInput: (team: Team) => Promise<Record<string, unknown>>;
  /** Every field of the input with its kind. */
  readonly fields: Readonly<Record<string, FieldKind>>;
}

export type FieldKind =
  | 'id'
  | 'text'
  /** A text that may be empty, here because the input has files. */
  | 'text-or-none'
  | 'object'
  | 'limit'
  | 'cursor'
  | 'choice'
  | 'token'
  | 'flag'
  | 'query-flag'
  | 'list'
  | 'timestamp'
  | 'count'
  /** A number that `null` removes. */
  | 'removable';

const tokenIssuer = {
  url: 'https://login.example.com/.well-known/jwks.json',
  issuer: 'https://login.example.com/',
  audience: 'chat',
};

async function withTokenIssuer(team: Team): Promise<Record<string, never>> {
  await team.rest('PUT', '/token-issuer', { body: tokenIssuer });
  return {};
}

const agentExample = {
  name: 'Ada',
  type: 'support',
  description: 'Helps.',
  systemPrompt: 'You help.',
  model: 'm1',
  temperature: 1,
  retentionDays: 30,
  tools: [
    {
      name: 'weather',
      description: 'Tells the weather of a city.',
      parameters: { type: 'object', properties: { city: { type: 'string' } } },
      url: 'https://example.com/weather',
      headers: { authorization: 'Bearer t' },
    },
  ],
};
const agentFields = {
  name: 'text',
  type: 'text',
  description: 'text',
  systemPrompt: 'text',
  model: 'text',
  models: 'list',
  temperature: 'count',
  retentionDays: 'count',
  reasoning: 'choice',
  accepts: 'list',
  tools: 'list',
} as const;

/** Operations whose input is no JSON. `apps/server/test/files` tests them. */
export const uploads: readonly string[] = ['file.create'];

/**
 * Every operation except streams (`streams.ts`) and uploads, by its procedure. A missing one fails the tests, so a new operation
 * is always tested.
 */
export const operations: Readonly<Record<string, OperationExample>> = {
  'chat.create': {
    validInput: async ({ agent }) => ({ agentId: agent.id, userId: 'user_1', metadata: { plan: 'pro' } }),
    fields: { agentId: 'id', userId: 'text', metadata: 'object' },
  },
  'chat.list': {
    validInput: async () => ({ userId: 'user_1', agentType: 'support', limit: '10' }),
    fields: {
      userId: 'text',
      agentType: 'text',
      search: 'text',
      order: 'choice',
      limit: 'limit',
      cursor: 'cursor',
    },
  },
  'chat.get': {
    validInput: async (team) => ({ chatId: (await team.makeChat()).id }),
    fields: { chatId: 'id', withMessages: 'query-flag' },
  },
  'chat.export': {
    validInput: async (team) => ({ chatId: (await team.makeChat()).id, format: 'json' }),
    fields: { chatId: 'id', format: 'choice' },
  },
  'chat.update': {
    validInput: async (team) => ({
      chatId: (await team.makeChat()).id,
      title: 'The capital of France',
      metadata: { plan: 'pro' },
    }),
    fields: { chatId: 'id', title: 'text', metadata: 'object' },
  },
  'chat.delete': {
    validInput: async (team) => ({ chatId: (await team.makeChat()).id }),
    fields: { chatId: 'id' },
  },
  'chat.choosePath': {
    validInput: (team) => team.answered(),
    fields: { chatId: 'id', messageId: 'id' },
  },
  'message.create': {
    validInput: async (team) => ({
      ...{ chatId: (await team.makeChat()).id, content: 'Hello', role: 'user' },
      files: [await team.makeFile()],
    }),
    fields: {
      ...{
        chatId: 'id',
        content: 'text-or-none',
        role: 'choice',
        onBusy: 'choice',
        wait: 'flag',
        files: 'list',
      },
      ...{ replaces: 'id', after: 'id' },
    },
  },
  'message.list': {
    validInput: async (team) => ({ chatId: (await team.makeChat()).id, limit: '10', order: 'asc' }),
    fields: { chatId: 'id', limit: 'limit', cursor: 'cursor', order: 'choice', through: 'id' },
  },
  'message.search': {
    validInput: async () => ({ q: 'hello', limit: '10' }),
    fields: { q: 'text', limit: 'limit', cursor: 'cursor' },
  },
  'message.cancel': {
    validInput: (team) => team.answered(),
    fields: { chatId: 'id', messageId: 'id' },
  },
  'message.retry': {
    validInput: (team) => team.failed(),
    fields: { chatId: 'id', messageId: 'id', onBusy: 'choice', wait: 'flag' },
  },
  'message.delete': {
    validInput: async (team) => {
      const { chatId } = await team.failed();
      const { messages } = await team.trpc.message.list.query({ chatId });
      return { chatId, messageId: messages[0]?.id };
    },
    fields: { chatId: 'id', messageId: 'id' },
  },
  'message.setFeedback': {
    validInput: async (team) => ({ ...(await team.answered()), rating: 'up', comment: 'Short and right.' }),
    fields: { chatId: 'id', messageId: 'id', rating: 'choice', comment: 'text' },
  },
  'message.deleteFeedback': {
    validInput: (team) => team.answered(),
    fields: { chatId: 'id', messageId: 'id' },
  },
  'file.get': {
    validInput: async (team) => ({ fileId: await team.makeFile() }),
    fields: { fileId: 'id' },
  },
  'file.delete': {
    validInput: async (team) => ({ fileId: await team.makeFile() }),
    fields: { fileId: 'id' },
  },
  'guest.create': { validInput: async () => ({}), fields: {} },
  'guest.claim': {
    validInput: async (team) => ({ guestToken: (await team.makeGuest()).token }),
    fields: { guestToken: 'token' },
  },
  'signingSecret.create': {
    validInput: async (team) => {
      await team.endSigningSecrets();
      return { overlapSeconds: 3_600 };
    },
    fields: { overlapSeconds: 'count' },
  },
  'signingSecret.list': { validInput: async () => ({}), fields: {} },
  'signingSecret.revoke': {
    validInput: async (team) => ({ secretId: await team.makeSigningSecret() }),
    fields: { secretId: 'id' },
  },
  'tokenIssuer.set': {
    validInput: async () => tokenIssuer,
    fields: { url: 'text', issuer: 'text', audience: 'text' },
  },
  'tokenIssuer.get': { validInput: withTokenIssuer, fields: {} },
  'tokenIssuer.delete': { validInput: withTokenIssuer, fields: {} },
  'key.create': {
    validInput: async (team) => ({
      kind: 'publishable',
      name: 'Website',
      access: 'guest',
      origins: ['https://example.com'],
      agentIds: [team.agent.id],
      tokensPerDay: 400_000,
      expiresAt: '2999-01-01T00:00:00.000Z',
    }),
    fields: {
      kind: 'choice',
      name: 'text',
      access: 'choice',
      origins: 'list',
      scopes: 'list',
      agentIds: 'list',
      tokensPerDay: 'count',
      expiresAt: 'timestamp',
    },
  },
  'key.list': { validInput: async () => ({}), fields: {} },
  'key.get': {
    validInput: async (team) => ({ keyId: await team.makeKey() }),
    fields: { keyId: 'id' },
  },
  'key.update': {
    validInput: async (team) => ({
      keyId: await team.makeKey(),
      name: 'Website',
      access: 'verified',
      origins: [],
      tokensPerDay: null,
      expiresAt: '2999-01-01T00:00:00.000Z',
    }),
    fields: {
      keyId: 'id',
      name: 'text',
      access: 'choice',
      origins: 'list',
      tokensPerDay: 'removable',
      expiresAt: 'timestamp',
    },
  },
  'key.roll': {
    validInput: async (team) => ({ keyId: await team.makeKey(), overlapSeconds: 60 }),
    fields: { keyId: 'id', overlapSeconds: 'count' },
  },
  'key.revoke': {
    validInput: async (team) => ({ keyId: await team.makeKey(), revokeIssued: 'true' }),
    fields: { keyId: 'id', revokeIssued: 'query-flag' },
  },
  'user.block': { validInput: async () => ({ userId: 'user_to_block' }), fields: { userId: 'text' } },
  'user.unblock': { validInput: async () => ({ userId: 'user_to_block' }), fields: { userId: 'text' } },
  'user.signOut': { validInput: async () => ({ userId: 'user_to_sign_out' }), fields: { userId: 'text' } },
  'user.delete': {
    validInput: async () => ({ userId: 'user 1/2?é' }),
    fields: { userId: 'text' },
  },
  'audit.list': {
    validInput: async () => ({ limit: '10' }),
    fields: { limit: 'limit', cursor: 'cursor' },
  },
  'team.get': { validInput: async () => ({}), fields: {} },
  'team.update': {
    validInput: async () => ({
      name: 'Example Inc.',
      tokensPerDay: 400_000,
      tokensPerDayPerUser: null,
      concurrentTurns: 1_000,
    }),
    fields: {
      name: 'text',
      tokensPerDay: 'removable',
      tokensPerDayPerUser: 'removable',
      concurrentTurns: 'removable',
    },
  },
  'usage.list': {
    validInput: async () => ({ from: '2026-11-01', to: '2026-11-30', groupBy: 'agent', limit: '10' }),
    fields: { from: 'choice', to: 'choice', groupBy: 'choice', limit: 'limit', cursor: 'cursor' },
  },
  'agent.list': {
    validInput: async () => ({}),
    fields: {},
  },
  'agent.create': {
    validInput: async () => agentExample,
    fields: agentFields,
  },
  'agent.get': {
    validInput: async (team) => ({ agentId: (await team.makeAgent()).id }),
    fields: { agentId: 'id' },
  },
  'agent.update': {
    validInput: async (team) => ({
      agentId: (await team.makeAgent()).id,
      ...agentExample,
      expectedVersion: 1,
    }),
    fields: { agentId: 'id', ...agentFields, expectedVersion: 'count' },
  },
  'agent.delete': {
    validInput: async (team) => ({ agentId: (await team.makeAgent()).id }),
    fields: { agentId: 'id' },
  },
  'agent.listVersions': {
    validInput: async (team) => ({ agentId: (await team.makeAgent()).id }),
    fields: { agentId: 'id' },
  },
  'agent.rollback': {
    validInput: async (team) => ({ agentId: (await team.makeAgent()).id, version: 1 }),
    fields: { agentId: 'id', version: 'count' },
  },
};

/** Returns the callers of an operation, from the policies. */
export function callerOf(name: string): OperationCaller {
  const policy = Object.entries(policies).find(([procedure]) => procedure === name)?.[1];
  if (!policy) throw new Error(`${name} has no policy`);
  return policy.callers;
}

/** Returns the request for an operation, by a caller of this team who may call it. */
export function headersFor(team: Team, name: string): Promise<Record<string, string>> {
  return team.headersOf(callerOf(name));
}
