import type { Team } from '../harness.ts';

/** How one operation is asked for, as the tests that run for every operation need to know it. */
export interface OperationExample {
  /** An input that succeeds, for this team; made anew each time, since some succeed only once. */
  readonly validInput: (team: Team) => Promise<Record<string, unknown>>;
  /** Every field of the input, by what it takes. */
  readonly fields: Readonly<Record<string, FieldKind>>;
  /** For secret keys alone. */
  readonly isForSecretKeys?: true;
}

export type FieldKind =
  | 'id'
  | 'text'
  | 'object'
  | 'limit'
  | 'cursor'
  | 'choice'
  | 'flag'
  | 'query-flag'
  | 'list'
  | 'moment'
  | 'count';

/**
 * Every operation that answers at once, by its procedure. One that is missing here fails the tests: so a new
 * operation cannot come without the common ones. Those that answer with events stand in `streams.ts`.
 */
export const operations: Readonly<Record<string, OperationExample>> = {
  'chat.create': {
    validInput: async ({ agent }) => ({ agentId: agent.id, userId: 'user_1', metadata: { plan: 'pro' } }),
    fields: { agentId: 'id', userId: 'text', metadata: 'object' },
  },
  'chat.list': {
    validInput: async () => ({ userId: 'user_1', agentType: 'support', limit: '10' }),
    fields: { userId: 'text', agentType: 'text', search: 'text', limit: 'limit', cursor: 'cursor' },
  },
  'chat.get': {
    validInput: async (team) => ({ chatId: (await team.makeChat()).id }),
    fields: { chatId: 'id', withMessages: 'query-flag' },
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
  'message.create': {
    validInput: async (team) => ({ chatId: (await team.makeChat()).id, content: 'Hello', role: 'user' }),
    fields: { chatId: 'id', content: 'text', role: 'choice', onBusy: 'choice', wait: 'flag' },
  },
  'message.list': {
    validInput: async (team) => ({ chatId: (await team.makeChat()).id, limit: '10', order: 'asc' }),
    fields: { chatId: 'id', limit: 'limit', cursor: 'cursor', order: 'choice' },
  },
  'message.cancel': {
    validInput: (team) => team.answered(),
    fields: { chatId: 'id', messageId: 'id' },
  },
  'message.retry': {
    validInput: (team) => team.failed(),
    fields: { chatId: 'id', messageId: 'id', wait: 'flag' },
  },
  'key.create': {
    validInput: async () => ({
      kind: 'publishable',
      name: 'Website',
      origins: ['https://example.com'],
      expiresAt: '2999-01-01T00:00:00.000Z',
    }),
    fields: { kind: 'choice', name: 'text', origins: 'list', expiresAt: 'moment' },
    isForSecretKeys: true,
  },
  'key.list': { validInput: async () => ({}), fields: {}, isForSecretKeys: true },
  'key.get': {
    validInput: async (team) => ({ keyId: await team.makeKey() }),
    fields: { keyId: 'id' },
    isForSecretKeys: true,
  },
  'key.update': {
    validInput: async (team) => ({
      keyId: await team.makeKey(),
      name: 'Website',
      origins: [],
      expiresAt: '2999-01-01T00:00:00.000Z',
    }),
    fields: { keyId: 'id', name: 'text', origins: 'list', expiresAt: 'moment' },
    isForSecretKeys: true,
  },
  'key.roll': {
    validInput: async (team) => ({ keyId: await team.makeKey(), overlapSeconds: 60 }),
    fields: { keyId: 'id', overlapSeconds: 'count' },
    isForSecretKeys: true,
  },
  'key.revoke': {
    validInput: async (team) => ({ keyId: await team.makeKey() }),
    fields: { keyId: 'id' },
    isForSecretKeys: true,
  },
  'agent.list': {
    validInput: async () => ({}),
    fields: {},
  },
};
