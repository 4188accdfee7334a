import type { ChatDocument, TurnDocument } from '../floor/documents.ts';
import { newChat, newTurn } from '../floor/new-documents.ts';
import { quote } from '../script.ts';
import type { ServerSubject } from './lab.ts';
import type { OpenMongo } from './open-mongo.ts';

/** Whose the chats are, and in which database. */
export interface Owner {
  readonly database: string;
  readonly teamId: string;
  readonly agentId: string;
}

const BATCH = 5_000;

/** The owner of a server's own team. */
export function ownerOf({ database, teamId, target: { agentId } }: ServerSubject): Owner {
  return { database, teamId, agentId };
}

/** Puts chats into a server's database, each of another user; answers their ids, newest first. */
export async function seedChats(
  mongo: OpenMongo,
  owner: Owner,
  count: number,
  metadata?: object,
): Promise<string[]> {
  const chats = Array.from({ length: count }, (_, index) =>
    newChat(owner.teamId, owner.agentId, { userId: `user_${index}`, metadata }),
  );
  await insertAll(mongo, owner, 'chats', chats);
  return chats
    .map(({ _id }) => _id)
    .sort()
    .reverse();
}

interface Conversations {
  readonly chats: number;
  readonly turns: number;
  /** How long each message is; as long as its words are, where it is not said. */
  readonly messageLength?: number;
}

/** Puts chats with so many ended turns into a server's database; answers their ids. */
export async function seedConversations(
  mongo: OpenMongo,
  owner: Owner,
  { chats, turns, messageLength = 0 }: Conversations,
): Promise<string[]> {
  const ids = await seedChats(mongo, owner, chats);
  for (const id of ids) await insertAll(mongo, owner, 'turns', endedTurns(owner, id, turns, messageLength));
  return ids;
}

function endedTurns(owner: Owner, chat: string, count: number, messageLength: number): TurnDocument[] {
  let textBytes = 0;
  return Array.from({ length: count }, (_, index) => {
    const question = `This is question ${index + 1} of long ago: how do I change the plan I have chosen?`;
    const content = question.padEnd(messageLength, ` ${question}`);
    const answer = quote(question, 2 * index + 1).padEnd(messageLength, ` ${question}`);
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
  { database }: Owner,
  name: 'chats' | 'turns',
  documents: readonly (ChatDocument | TurnDocument)[],
): Promise<void> {
  const collection = client.db(database).collection<ChatDocument | TurnDocument>(name);
  for (let at = 0; at < documents.length; at += BATCH) {
    await collection.insertMany(documents.slice(at, at + BATCH), { ordered: false });
  }
}
