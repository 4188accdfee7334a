import type { Team } from '../harness.ts';

/** How one operation is asked for, as the tests that run for every operation need to know it. */
export interface OperationExample {
  /** An input that succeeds, for this team; made anew each time, since some succeed only once. */
  readonly validInput: (team: Team) => Promise<Record<string, unknown>>;
  /** Every field of the input, by what it takes. */
  readonly fields: Readonly<Record<string, FieldKind>>;
}

export type FieldKind = 'id' | 'text' | 'object' | 'limit' | 'cursor' | 'choice' | 'flag' | 'query-flag';

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
  'agent.list': {
    validInput: async () => ({}),
    fields: {},
  },
};
