import type { ChatDocument, TurnDocument } from './documents.ts';
import { floorId } from './floor-id.ts';

export function newChat(
  team: string,
  agent: string,
  { userId, metadata }: { userId?: string | undefined; metadata?: object | undefined },
): ChatDocument {
  return {
    _id: floorId('chat_'),
    team,
    agent,
    agentType: 'assistant',
    ...(userId !== undefined && { user: userId }),
    ...(metadata && { metadata: JSON.stringify(metadata) }),
    createdAt: new Date(),
  };
}

export function newTurn(team: string, chat: string, sequence: number, content: string): TurnDocument {
  const createdAt = new Date();
  return {
    _id: floorId('turn_'),
    team,
    chat,
    sequence,
    status: 'generating',
    lease: { token: floorId('req_'), attempt: 1, renewals: 0 },
    takeovers: 0,
    messages: [{ id: floorId('msg_'), role: 'user', content, createdAt }],
    answerId: floorId('msg_'),
    usage: [],
    createdAt,
  };
}
