import { setTimeout as delay } from 'node:timers/promises';
import type { MessageList } from '@parley/contract';
import type { ListedChat, ObservedTurn } from '../judge/history.ts';
import type { Lab } from '../lab/lab.ts';

/** A turn's document, with the fields that are read here. */
interface TurnDocument {
  readonly _id: string;
  readonly chat: string;
  readonly sequence: number;
  readonly status: string;
  readonly lease?: { readonly attempt: number };
  readonly takeovers: number;
  readonly messages: readonly {
    readonly id: string;
    readonly role: string;
    readonly content: string;
    readonly finishReason?: string;
  }[];
  readonly answerId: string;
  readonly written?: { readonly attempt: number; readonly text?: string };
  readonly errorCode?: string;
  readonly createdAt: Date;
  readonly endedAt?: Date;
}

const LOOK_EVERY_MS = 50;
/** The time after which an unfinished turn is judged as it is. */
const SETTLE_MAX_MS = 60_000;

/** Settles when every turn of these chats has ended and the model gets no more calls. */
export async function untilSettled({ raw, model }: Lab, chats: readonly string[]): Promise<void> {
  const unfinished = { chat: { $in: [...chats] }, status: { $in: ['queued', 'generating'] } };
  const giveUpAt = performance.now() + SETTLE_MAX_MS;
  while ((await raw.collection('turns').countDocuments(unfinished)) > 0) {
    if (performance.now() > giveUpAt) return;
    await delay(LOOK_EVERY_MS);
  }
  await model.quiet();
}

/** The stored turns of these chats. */
export async function readTurns({ raw }: Lab, chats: readonly string[]): Promise<ObservedTurn[]> {
  // Of a deleted chat, only its marker and the placeholders of its turns may remain.
  const filter = { chat: { $in: [...chats] }, purgedAt: { $exists: false } };
  const found = raw.collection<TurnDocument>('turns').find(filter).sort({ chat: 1, sequence: 1 });
  return (await found.toArray()).map(toTurn);
}

/** Returns the messages of each of these chats, as each server lists them. */
export async function readLists({ sites, key }: Lab, chats: readonly string[]): Promise<ListedChat[]> {
  const places = sites.flatMap(({ slot }) => chats.map((chat) => ({ slot, chat })));
  return await Promise.all(
    places.map(async ({ slot: { name, url }, chat }) => {
      const response = await fetch(`${url}/chat/${chat}/message`, { headers: { 'x-api-key': key } });
      const { messages } = (await response.json()) as MessageList;
      return { server: name, chat, messages };
    }),
  );
}

function toTurn(document: TurnDocument): ObservedTurn {
  const { messages, answerId, written, errorCode, endedAt } = document;
  const userMessage = messages.find(({ role }) => role === 'user');
  const others = messages.filter((message) => message !== userMessage);
  const answer = others.at(-1);
  // A second answer in one document does not fit into a turn: it is shown as part of the first.
  const content = others.map((message) => message.content).join('');
  const finishReason = answer?.finishReason;
  const text = written?.text ?? answer?.content;
  return {
    id: document._id,
    chat: document.chat,
    sequence: document.sequence,
    status: document.status,
    ...(userMessage && { userMessage }),
    answerId,
    ...(answer && { answer: { id: answer.id, content, ...(finishReason && { finishReason }) } }),
    ...(written && text !== undefined && { written: { attempt: written.attempt, text } }),
    ...(errorCode !== undefined && { errorCode }),
    attempts: document.lease?.attempt ?? 0,
    takeovers: document.takeovers,
    createdAt: document.createdAt.getTime(),
    ...(endedAt && { endedAt: endedAt.getTime() }),
  };
}
