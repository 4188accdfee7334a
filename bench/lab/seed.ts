import type { ChatDocument, TurnDocument } from '../floor/documents.ts';
import { newChat, newTurn } from '../floor/new-documents.ts';
import { quote } from '../script.ts';
import { databases, type OpenMongo } from './open-mongo.ts';

/** Whose the chats are. */
export interface Owner {
  readonly teamId: string;
  readonly agentId: string;
}

const BATCH = 5_000;

/** Puts chats into the server's database, each of another user; answers their ids, newest first. */
export async function seedChats(mongo: OpenMongo, owner: Owner, count: number): Promise<string[]> {
  const chats = Array.from({ length: count }, (_, index) =>
    newChat(owner.teamId, owner.agentId, { userId: `user_${index}` }),
  );
  await insertAll(mongo, 'chats', chats);
  return chats
    .map(({ _id }) => _id)
    .sort()
    .reverse();
}

/** Puts chats with so many ended turns into the server's database; answers their ids. */
export async function seedConversations(
  mongo: OpenMongo,
  owner: Owner,
  { chats, turns }: { chats: number; turns: number },
): Promise<string[]> {
  const ids = await seedChats(mongo, owner, chats);
  for (const id of ids) await insertAll(mongo, 'turns', endedTurns(owner, id, turns));
  return ids;
}

function endedTurns(owner: Owner, chat: string, count: number): TurnDocument[] {
  let textBytes = 0;
  return Array.from({ length: count }, (_, index) => {
    const content = `This is question ${index + 1} of long ago: how do I change the plan I have chosen?`;
    const answer = quote(content, 2 * index + 1);
    textBytes += Buffer.byteLength(content) + Buffer.byteLength(answer);
    const turn = newTurn(owner.teamId, chat, index + 1, content);
    const createdAt = new Date();
    turn.messages.push({ id: turn.answerId, role: 'assistant', content: answer, createdAt });
    turn.usage.push({ attempt: 1, model: 'scripted', calls: 1, inputTokens: 400, outputTokens: 20 });
    return {
      ...turn,
      status: 'completed',
      written: { attempt: 1 },
      agentVersion: 1,
      account: { agent: owner.agentId, day: createdAt.toISOString().slice(0, 10) },
      textBytes,
      endedAt: createdAt,
    };
  });
}

async function insertAll(
  { client }: OpenMongo,
  name: 'chats' | 'turns',
  documents: readonly (ChatDocument | TurnDocument)[],
): Promise<void> {
  const collection = client.db(databases.server).collection<ChatDocument | TurnDocument>(name);
  for (let at = 0; at < documents.length; at += BATCH) {
    await collection.insertMany(documents.slice(at, at + BATCH), { ordered: false });
  }
}
