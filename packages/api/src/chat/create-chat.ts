import { ApiError, chatSchema, createChatInputSchema, isId } from '@parley/contract';
import type { ChatRecord } from '@parley/db';
import { ownUser } from '../authorize.ts';
import { newChatProcedure } from '../procedures.ts';
import { toChat } from './to-chat.ts';

/** `chat.create`: creates a chat. A repeated `Idempotency-Key` returns the chat of the first request. */
export const createChat = newChatProcedure
  .meta({
    openapi: {
      method: 'POST',
      path: '/chat',
      operationId: 'createChat',
      tags: ['Chats'],
      summary: 'Create a chat',
      description: 'Starts a chat session with one of your agents.',
    },
    errors: ['agent_not_found', 'chat_not_found', 'idempotency_key_reused', 'user_not_allowed'],
    isIdempotent: true,
  })
  .input(createChatInputSchema)
  .output(chatSchema)
  .mutation(async ({ ctx, input: { agentId, userId: named, ...content } }) => {
    const { stores, turns, scope, replayed, idempotency, request } = ctx;
    const created = (chat: ChatRecord) => {
      turns.noteChange(chat);
      return toChat(chat);
    };
    const userId = ownUser(scope, named);
    if (replayed) return toChat(replayed);
    const agent = isId('agent', agentId) ? await stores.agents.find(scope, agentId) : undefined;
    if (!agent) throw new ApiError('agent_not_found');
    const chat = { agent: agent.id, agentType: agent.type, user: userId, ...content };
    if (!idempotency) return created(await stores.chats.create(scope, chat));
    const made = await stores.chats.createOnce(scope, chat, idempotency);
    if (!('replay' in made)) return created(made);
    // A concurrent request with the same key has created the chat.
    request.markReplayed();
    if (made.replay.body !== idempotency.body) throw new ApiError('idempotency_key_reused');
    if (!made.replay.chat) throw new ApiError('chat_not_found');
    return toChat(made.replay.chat);
  });
