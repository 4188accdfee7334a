import { askModel } from './ask-model.ts';
import type { Collections } from './collections.ts';
import type { ChatDocument, MessageDocument, TurnDocument } from './documents.ts';
import { floorId } from './floor-id.ts';

/** What the floor takes as given: one team with one agent. */
export interface Floor {
  readonly collections: Collections;
  readonly modelUrl: string;
  readonly team: string;
  readonly agent: string;
}

/** As many turns as the server reads at once; the histories here are shorter. */
const HISTORY_MAX = 30;

/** Stores the message, calls the model with the history, stores the answer. Undefined: there is no such chat. */
export async function sendMessage(
  { collections: { chats, turns }, modelUrl, team }: Floor,
  chatId: string,
  { content }: { content: string },
) {
  const [chat, before] = await Promise.all([
    chats.findOne({ _id: chatId, team }),
    turns
      .find({ chat: chatId, team }, { projection: { sequence: 1, textBytes: 1, messages: 1 } })
      .sort({ sequence: -1 })
      .limit(HISTORY_MAX)
      .toArray(),
  ]);
  if (!chat) return undefined;
  const turn = newTurn(team, chatId, (before[0]?.sequence ?? 0) + 1, content);
  await turns.insertOne(turn);
  const messages: { role: string; content: string }[] = [];
  for (const { messages: earlier } of before.reverse()) {
    for (const message of earlier) messages.push({ role: message.role, content: message.content });
  }
  messages.push({ role: 'user', content });
  const { text, model, inputTokens, outputTokens } = await askModel(modelUrl, messages);
  const createdAt = new Date();
  const answer: MessageDocument = { id: turn.answerId, role: 'assistant', content: text, createdAt };
  const textBytes = (before.at(-1)?.textBytes ?? 0) + Buffer.byteLength(content) + Buffer.byteLength(text);
  await turns.updateOne(
    { _id: turn._id, team },
    {
      $set: { status: 'completed', textBytes, endedAt: createdAt, agentVersion: 1 },
      $push: { messages: answer, usage: { attempt: 1, model, calls: 1, inputTokens, outputTokens } },
    },
  );
  const userMessageId = turn.messages[0]?.id;
  return {
    id: answer.id,
    chatId,
    content: text,
    role: 'assistant',
    status: 'completed',
    userMessageId,
    createdAt: createdAt.toISOString(),
  };
}

export async function createChat(
  { collections: { chats }, team, agent }: Floor,
  { userId, metadata }: { userId?: string; metadata?: object },
) {
  const chat: ChatDocument = {
    _id: floorId('chat_'),
    team,
    agent,
    agentType: 'assistant',
    ...(userId !== undefined && { user: userId }),
    ...(metadata && { metadata: JSON.stringify(metadata) }),
    createdAt: new Date(),
  };
  await chats.insertOne(chat);
  return toChat(chat);
}

/** Undefined: there is no such chat. */
export async function listMessages({ collections: { chats, turns }, team }: Floor, chatId: string) {
  const [chat, found] = await Promise.all([
    chats.findOne({ _id: chatId, team }),
    turns
      .find({ chat: chatId, team }, { projection: { status: 1, messages: 1 } })
      .sort({ sequence: 1 })
      .toArray(),
  ]);
  if (!chat) return undefined;
  const messages = found.flatMap(({ status, messages }) =>
    messages.map(({ id, content, role, createdAt }) => ({
      id,
      content,
      role,
      ...(role === 'assistant' && { status }),
      createdAt: createdAt.toISOString(),
    })),
  );
  return { messages };
}

export async function listChats({ collections: { chats }, team }: Floor, user: string) {
  const found = await chats.find({ team, user }).sort({ _id: -1 }).toArray();
  return { chats: found.map(toChat) };
}

function toChat({ _id, agent, team, user, metadata, createdAt }: ChatDocument) {
  return {
    id: _id,
    agentId: agent,
    teamId: team,
    ...(user !== undefined && { userId: user }),
    ...(metadata !== undefined && { metadata: JSON.parse(metadata) }),
    createdAt: createdAt.toISOString(),
  };
}

function newTurn(team: string, chat: string, sequence: number, content: string): TurnDocument {
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
