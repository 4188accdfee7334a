import { setTimeout as delay } from 'node:timers/promises';
import { type Id, markerIdOf } from '@parley/contract';
import { request } from '../clients/client.ts';
import type { Lab } from '../lab/lab.ts';
import type { Random } from '../random.ts';
import { createChat } from './scene.ts';
import { clientOf } from './writers.ts';

const PAUSE_MS = 50;
/** The time after which data that is not deleted is judged as it is. */
const SETTLE_MAX_MS = 60_000;
/** Messages before, during and after the deletion. */
const MESSAGES = 6;

/** A chat that was deleted while people wrote into it, and what broke a promise meanwhile. */
export interface Deletion {
  readonly chat: string;
  readonly offences: readonly string[];
}

/** Deletes a chat, at whichever server answers, while people write into it. */
export async function deleteWhileWriting(lab: Lab, name: string, random: Random): Promise<Deletion> {
  const chat = await createChat(lab);
  const offences: string[] = [];
  const write = async (number: number) => {
    await delay(random.between(0, 500));
    await send(lab, random.fork(`message ${number}`), chat, `${name}/message-${number}`);
  };
  const remove = async () => {
    await delay(random.between(0, 500));
    const isGone = await deleteChat(lab, random.fork('deletion'), chat);
    if (!isGone) offences.push(`${name}: no server deleted the chat`);
  };
  await Promise.all([remove(), ...Array.from({ length: MESSAGES }, (_, index) => write(index))]);
  for (let place = 0; place < lab.sites.length; place++) await write(MESSAGES + place);
  return { chat, offences };
}

/** In the end a deleted chat is gone at every server, and only its marker is stored. */
export async function checkDeletion(lab: Lab, { chat, offences }: Deletion): Promise<string[]> {
  const giveUpAt = performance.now() + SETTLE_MAX_MS;
  for (;;) {
    const left = [...(await storedOf(lab, chat)), ...(await shownOf(lab, chat))];
    if (left.length === 0 || performance.now() > giveUpAt) return [...offences, ...left];
    await delay(PAUSE_MS);
  }
}

/** None of these messages may stay, whatever the deletion answers. */
async function send(lab: Lab, random: Random, chat: string, content: string): Promise<void> {
  const client = clientOf(lab, random, random.between(0, lab.sites.length - 1));
  const body = { content, role: 'user', wait: false };
  const url = `${client.servers[0]?.url}/chat/${chat}/message`;
  await request(
    client,
    url,
    { method: 'POST', body },
    async (response) => void (await response.arrayBuffer()),
  );
}

/** Asks again, at another server, until one says that the chat is deleted, or there no more. */
async function deleteChat(lab: Lab, random: Random, chat: string): Promise<boolean> {
  const giveUpAt = performance.now() + SETTLE_MAX_MS;
  const client = clientOf(lab, random, random.between(0, lab.sites.length - 1));
  for (let tries = 0; performance.now() < giveUpAt; tries++) {
    const server = client.servers[tries % client.servers.length];
    const url = `${server?.url}/chat/${chat}`;
    const status = await request(client, url, { method: 'DELETE' }, async (response) => {
      await response.arrayBuffer();
      return response.status;
    });
    if (status === 204 || (status === 404 && tries > 0)) return true;
    if (status === 404) return false;
    await delay(PAUSE_MS);
  }
  return false;
}

async function storedOf({ raw }: Lab, chat: string): Promise<string[]> {
  const turns = await raw.collection('turns').find({ chat }).toArray();
  const others = turns.filter(({ purgedAt }) => purgedAt === undefined);
  const markers = turns.filter(({ _id }) => String(_id) === markerIdOf(chat as Id<'chat'>));
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
