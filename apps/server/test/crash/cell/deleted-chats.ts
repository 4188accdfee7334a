import { setTimeout as delay } from 'node:timers/promises';
import { type Id, markerIdOf } from '@parley/contract';
import type { Lab } from '../lab/lab.ts';

const PAUSE_MS = 50;
/**
 * The time after which data that is not deleted is judged as it is: MongoDB ends the transaction of a killed server after
 * 60 to 90 seconds, and its writes block the purge until then.
 */
const SETTLE_MAX_MS = 120_000;

/** Whether a chat has its deletion marker, so that no message can follow. */
export async function isDeleted({ raw }: Lab, chat: string): Promise<boolean> {
  return (await raw.collection<{ _id: string }>('turns').findOne({ _id: markerOf(chat) })) !== null;
}

/** In the end no server finds a deleted chat, and only its marker is stored. Returns what is left of it. */
export async function checkDeleted(lab: Lab, chat: string): Promise<string[]> {
  const giveUpAt = performance.now() + SETTLE_MAX_MS;
  for (;;) {
    const left = [...(await storedOf(lab, chat)), ...(await shownOf(lab, chat))];
    if (left.length === 0 || performance.now() > giveUpAt) return left;
    await delay(PAUSE_MS);
  }
}

async function storedOf({ raw }: Lab, chat: string): Promise<string[]> {
  const turns = await raw.collection('turns').find({ chat }).toArray();
  const others = turns.filter(({ purgedAt }) => purgedAt === undefined);
  const markers = turns.filter(({ _id }) => String(_id) === markerOf(chat));
  if (markers.length === 1 && others.length === 0) return [];
  return [`${chat} was deleted, and ${others.length} turns and ${markers.length} markers are stored`];
}

async function shownOf({ sites, key }: Lab, chat: string): Promise<string[]> {
  const statuses = await Promise.all(
    sites.map(async ({ slot }) => {
      const response = await fetch(`${slot.url}/chat/${chat}`, { headers: { 'x-api-key': key } });
      await response.arrayBuffer();
      return response.status;
    }),
  );
  return statuses.every((status) => status === 404)
    ? []
    : [`${chat} was deleted, and is answered ${statuses}`];
}

function markerOf(chat: string): string {
  return markerIdOf(chat as Id<'chat'>);
}
