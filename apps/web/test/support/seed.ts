import { answerIdOf, type Chat, mintId } from '@parley/contract';
import type { BrowserContext } from 'playwright-core';
import type { Bed, Visit } from './bed.ts';

/** Returns the user id of a browser. The page itself cannot read it from its cookie. */
export async function visitorOf(context: BrowserContext, url: string): Promise<string> {
  const answer = await context.request.post(`${url}/web/session`, { headers: { origin: url } });
  const { userId } = (await answer.json()) as { userId: string };
  return userId;
}

/** Returns the user that the server assigned to this browser. */
async function userIdOf({ context, screen }: Visit, { url }: Pick<Bed, 'url'>): Promise<string> {
  await screen.message.waitFor();
  return visitorOf(context, url);
}

/** Creates an empty chat with this title for the browser's user. */
export async function seedChat(bed: Bed, visit: Visit, title: string): Promise<Chat> {
  const chat = await bed.team.makeChat({ userId: await userIdOf(visit, bed) });
  const { status } = await bed.team.rest('PATCH', `/chat/${chat.id}`, { body: { title } });
  if (status !== 200) throw new Error(`the chat could not be named: ${status}`);
  return chat;
}

/** The texts of the messages of a long chat. */
export const questionOf = (number: number) => `Question ${number}: what comes after ${number}?`;
const answerOf = (number: number) => `Answer ${number}. After ${number} comes ${number + 1}.\n\nThat is all.`;

/** Inserts a chat with many ended turns directly into the database. */
export async function seedLongChat(bed: Bed, visit: Visit, turns: number): Promise<Chat> {
  const chat = await seedChat(bed, visit, 'A very long chat');
  const from = Date.now() - turns * 1_000;
  let textBytes = 0;
  const documents = Array.from({ length: turns }, (_, index) => {
    const number = index + 1;
    const id = mintId('turn');
    const createdAt = new Date(from + index * 1_000);
    textBytes += Buffer.byteLength(questionOf(number)) + Buffer.byteLength(answerOf(number));
    return {
      _id: id as never,
      team: bed.team.id,
      chat: chat.id,
      sequence: number,
      status: 'completed',
      lease: { token: mintId('request'), attempt: 1, renewals: 0 },
      takeovers: 0,
      messages: [
        { id: mintId('message'), role: 'user', content: questionOf(number), createdAt },
        { id: answerIdOf(id), role: 'assistant', content: answerOf(number), createdAt },
      ],
      answerId: answerIdOf(id),
      usage: [],
      written: { attempt: 1 },
      agentVersion: 1,
      textBytes,
      createdAt,
      endedAt: createdAt,
    };
  });
  await bed.mongo.raw.collection('turns').insertMany(documents);
  return chat;
}
