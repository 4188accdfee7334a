import { ApiError, type Id } from '@parley/contract';
import type { ChatAccess, ChatStore, Scope } from '@parley/db';
import { inScope } from '@parley/db/testing';
import type { NewMessage, Turns } from '../turns.ts';

type Own =
  | 'isDraining'
  | 'running'
  | 'waiting'
  | 'uncounted'
  | 'drain'
  | 'dropChat'
  | 'deleteChat'
  | 'deleteIdleChat'
  | 'stopUser';
type InChat = { readonly chat: Id<'chat'> };
type OneAnswer = InChat & { readonly answerId: string };
type ReadArguments = Parameters<Turns['read']>;
type FollowArguments = Parameters<Turns['followChat']>;

/**
 * The turns of one process as the API uses them: each call takes a chat's id and reads the chat in the caller's
 * scope.
 */
export interface TurnsById extends Pick<Turns, Own> {
  accept(scope: Scope, message: NewMessage & InChat): ReturnType<Turns['accept']>;
  send(scope: Scope, message: NewMessage & InChat, signal?: AbortSignal): ReturnType<Turns['send']>;
  retry(scope: Scope, retry: Parameters<Turns['retry']>[1] & InChat): ReturnType<Turns['retry']>;
  outcome(
    scope: Scope,
    accepted: Parameters<Turns['outcome']>[1],
    signal?: AbortSignal,
  ): ReturnType<Turns['outcome']>;
  findByIdempotencyKey(
    scope: Scope,
    chat: Id<'chat'>,
    idempotency: Parameters<Turns['findByIdempotencyKey']>[1],
  ): ReturnType<Turns['findByIdempotencyKey']>;
  find(scope: Scope, answer: OneAnswer): ReturnType<Turns['find']>;
  cancel(scope: Scope, answer: OneAnswer): ReturnType<Turns['cancel']>;
  choosePath(scope: Scope, chat: Id<'chat'>, turn: number): ReturnType<Turns['choosePath']>;
  removeMessage(scope: Scope, chat: Id<'chat'>, messageId: string): ReturnType<Turns['removeMessage']>;
  read(scope: Scope, answer: InChat & ReadArguments[1], signal: AbortSignal): ReturnType<Turns['read']>;
  runningAnswer(scope: Scope, chat: Id<'chat'>): ReturnType<Turns['runningAnswer']>;
  followChat(
    scope: Scope,
    chat: Id<'chat'>,
    from: FollowArguments[1],
    signal: AbortSignal,
  ): ReturnType<Turns['followChat']>;
}

/** Reads the chat before each call, as the API's procedures do. */
export function turnsById(turns: Turns, chats: Pick<ChatStore, 'find'>): TurnsById {
  async function find(scope: Scope, chat: Id<'chat'>, code: 'chat_not_found' | 'message_not_found') {
    const access = await chats.find(scope, chat);
    if (!access) throw new ApiError(code);
    return access;
  }
  /** A message without a key may be sent to a chat that this process remembers. */
  async function findToSend(scope: Scope, { chat, idempotency }: NewMessage & InChat): Promise<ChatAccess> {
    const access = idempotency ? await chats.find(scope, chat) : await turns.findChat(scope, chat);
    if (!access) throw new ApiError('chat_not_found');
    return access;
  }
  return {
    accept: async (scope, message) => turns.accept(await findToSend(scope, message), message),
    send: async (scope, message, signal) => turns.send(await findToSend(scope, message), message, signal),
    retry: async (scope, { chat, ...retry }) =>
      turns.retry(await find(scope, chat, 'message_not_found'), retry),
    outcome: async (scope, accepted, signal) =>
      turns.outcome(await find(scope, accepted.chat, 'chat_not_found'), accepted, signal),
    findByIdempotencyKey: async (scope, chat, idempotency) => {
      const access = await chats.find(scope, chat);
      return access && turns.findByIdempotencyKey(access, idempotency);
    },
    find: async (scope, { chat, answerId }) =>
      turns.find(await find(scope, chat, 'message_not_found'), answerId),
    cancel: async (scope, { chat, answerId }) =>
      turns.cancel(await find(scope, chat, 'message_not_found'), answerId),
    choosePath: async (scope, chat, turn) =>
      turns.choosePath(await find(scope, chat, 'message_not_found'), turn),
    removeMessage: async (scope, chat, messageId) =>
      turns.removeMessage(await find(scope, chat, 'message_not_found'), messageId),
    read: async (scope, { chat, ...answer }, signal) =>
      turns.read(await find(scope, chat, 'message_not_found'), answer, signal),
    runningAnswer: async (scope, chat) => {
      const access = await chats.find(scope, chat);
      return access && turns.runningAnswer(access);
    },
    // The chat may be deleted right after it was read; a follower then receives the deletion.
    followChat: (scope, chat, from, signal) => turns.followChat(inScope(scope, chat), from, signal),
    deleteChat: turns.deleteChat,
    deleteIdleChat: turns.deleteIdleChat,
    dropChat: turns.dropChat,
    stopUser: turns.stopUser,
    drain: turns.drain,
    get isDraining() {
      return turns.isDraining;
    },
    get running() {
      return turns.running;
    },
    get waiting() {
      return turns.waiting;
    },
    get uncounted() {
      return turns.uncounted;
    },
  };
}
