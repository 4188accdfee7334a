import { setTimeout as delay } from 'node:timers/promises';
import { request } from '../clients/client.ts';
import type { Lab } from '../lab/lab.ts';
import type { Random } from '../random.ts';
import { checkDeleted } from './deleted-chats.ts';
import { clientOf } from './writers.ts';

const PAUSE_MS = 50;
/** The time in which some server must have deleted the chat. */
const DELETE_MAX_MS = 60_000;
/** Messages before, during and after the deletion. */
const MESSAGES = 6;

/** A chat that was deleted while users wrote into it, and the violations of promises. */
export interface Deletion {
  readonly chat: string;
  readonly offences: readonly string[];
}

/** Deletes a chat, at any server that responds, while users write into it. */
export async function deleteWhileWriting(
  lab: Lab,
  chat: string,
  name: string,
  random: Random,
): Promise<Deletion> {
  const offences: string[] = [];
  const write = async (number: number) => {
    await delay(random.between(0, 500));
    await send(lab, random.fork(`message ${number}`), chat, `${name}/message-${number}`);
  };
  const remove = async () => {
    await delay(random.between(0, 500));
    const isDeleted = await deleteChat(lab, random.fork('deletion'), chat);
    if (!isDeleted) offences.push(`${name}: no server deleted the chat`);
  };
  await Promise.all([remove(), ...Array.from({ length: MESSAGES }, (_, index) => write(index))]);
  for (let place = 0; place < lab.sites.length; place++) await write(MESSAGES + place);
  return { chat, offences };
}

/** Returns the violations of promises, including the remains of the chat. */
export async function checkDeletion(lab: Lab, { chat, offences }: Deletion): Promise<string[]> {
  return [...offences, ...(await checkDeleted(lab, chat))];
}

/** None of these messages may stay, for any response of the deletion. */
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

/** Asks again, at another server, until one confirms the deletion, or no longer finds the chat. */
async function deleteChat(lab: Lab, random: Random, chat: string): Promise<boolean> {
  const giveUpAt = performance.now() + DELETE_MAX_MS;
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
