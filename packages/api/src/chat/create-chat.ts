import { chatSchema, createChatInputSchema, isId, Refusal } from '@parley/contract';
import { anyKeyProcedure } from '../procedures.ts';
import { toChat } from './to-chat.ts';

export const createChat = anyKeyProcedure
  .meta({
    openapi: {
      method: 'POST',
      path: '/chat',
      operationId: 'createChat',
      tags: ['Chats'],
      summary: 'Create a chat',
      description: 'Starts a chat session with one of your agents.',
    },
    errors: ['agent_not_found'],
  })
  .input(createChatInputSchema)
  .output(chatSchema)
  .mutation(async ({ ctx: { stores, scope }, input: { agentId, userId, metadata } }) => {
    const agent = isId('agent', agentId) ? await stores.agents.find(scope, agentId) : undefined;
    if (!agent) throw new Refusal('agent_not_found');
    const chat = await stores.chats.create(scope, {
      agent: agent.id,
      agentType: agent.type,
      ...(userId !== undefined && { user: userId }),
      ...(metadata !== undefined && { metadata }),
    });
    return toChat(chat);
  });
