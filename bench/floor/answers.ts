import { askModel } from './ask-model.ts';
import type { Collections } from './collections.ts';
import type { ChatDocument, MessageDocument } from './documents.ts';
import { newChat, newTurn, titleOf } from './new-documents.ts';
import type { ShowAnswer } from './show-answer.ts';

/** The fixed data of the floor: one team with one agent. */
export interface Floor {
  readonly collections: Collections;
  readonly modelUrl: string;
  readonly team: string;
  readonly agent: string;
}

/** As many turns as the server reads at once; the histories here are shorter. */
const HISTORY_MAX = 30;

/**
 * Stores the message, calls the model with the history, stores the answer; `show` receives every piece as it arrives.
 * Undefined: there is no such chat.
 */
export async function sendMessage(
  { collections: { chats, turns }, modelUrl, team, agent }: Floor,
  chatId: string,
  { content }: { content: string },
  show?: ShowAnswer,
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
  if (turn.sequence === 1) {
    const use = { acceptedTurns: 1, endedTurns: 1 };
    await chats.updateOne({ _id: chatId, team }, { $set: { ...titleOf(content), ...use } });
  }
  const userMessageId = turn.messages[0]?.id;
  show?.start(turn.answerId, { chatId, userMessageId });
  const messages: { role: string; content: string }[] = [];
  for (const { messages: earlier } of before.reverse()) {
    for (const message of earlier) messages.push({ role: message.role, content: message.content });
  }
  messages.push({ role: 'user', content });
  const { text, finishReason, model, inputTokens, outputTokens } = await askModel(
    modelUrl,
    messages,
    show?.delta,
  );
  const createdAt = new Date();
  const answer: MessageDocument = {
    ...{ id: turn.answerId, role: 'assistant', content: text },
    ...(finishReason !== undefined && { finishReason }),
    createdAt,
  };
  const textBytes = (before.at(-1)?.textBytes ?? 0) + Buffer.byteLength(content) + Buffer.byteLength(text);
  await turns.updateOne(
    { _id: turn._id, team },
    {
      $set: {
        ...{ status: 'completed', textBytes, endedAt: createdAt, written: { attempt: 1 }, agentVersion: 1 },
        account: {
          agent,
          ...(chat.user !== undefined && { user: chat.user }),
          day: createdAt.toISOString().slice(0, 10),
        },
      },
      $push: { messages: answer, usage: { attempt: 1, model, calls: 1, inputTokens, outputTokens } },
    },
  );
  show?.end({ status: 'completed', finishReason, createdAt });
  return {
    id: answer.id,
    chatId,
    content: text,
    role: 'assistant',
    status: 'completed',
    finishReason,
    userMessageId,
    createdAt: createdAt.toISOString(),
  };
}

export async function createChat(
  { collections: { chats }, team, agent }: Floor,
  { userId, metadata }: { userId?: string; metadata?: object },
) {
  const chat = newChat(team, agent, { userId, metadata });
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
    messages.map(({ id, content, role, finishReason, createdAt }) => ({
      id,
      content,
      role,
      ...(role === 'assistant' && { status, finishReason }),
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
