import { setTimeout as delay } from 'node:timers/promises';
import type { Id } from '@parley/contract';
import { sendMessage } from '../clients/send-message.ts';
import type { SentMessage } from '../judge/history.ts';
import type { Lab } from '../lab/lab.ts';
import type { Site } from '../lab/site.ts';
import type { Random } from '../random.ts';
import { create, createChat, type Episode } from './scene.ts';
import { clientOf } from './writers.ts';

const CHATS = 3;
/** The number of users who write into each of the chats, one message each. */
const PEOPLE = 2;
/** The time in which messages and deletions arrive. */
const TOGETHER_MS = 600;
/** How often each server runs the job in this time. */
const RUNS = 2;
const PAUSE_MS = 50;
const FINISH_MAX_MS = 60_000;

/** Chats whose retention is over: retention deletes them at both servers while users write into them. */
export class Retention {
  readonly #lab: Lab;
  readonly #name: string;
  readonly #order: { readonly team: Id<'team'>; readonly agent: Id<'agent'>; readonly at: number };
  readonly #chats: readonly string[];
  readonly #messages: SentMessage[];

  private constructor(
    lab: Lab,
    name: string,
    { team, agent, chats, first }: { team: string; agent: string; chats: string[]; first: SentMessage },
  ) {
    this.#lab = lab;
    this.#name = name;
    this.#order = { team: team as Id<'team'>, agent: agent as Id<'agent'>, at: Date.now() };
    this.#chats = chats;
    this.#messages = [first];
  }

  /** Creates the chats while no fault is injected. The first one has an answered message; the others are empty. */
  static async open(lab: Lab, name: string, random: Random): Promise<Retention> {
    const { id: agent } = await create<{ id: string }>(lab, '/agent', { name: 'Leto', type: 'support' });
    const made = await Promise.all(Array.from({ length: CHATS }, () => createChat(lab, agent)));
    const [{ id: chat, teamId: team } = { id: '', teamId: '' }] = made;
    const client = clientOf(lab, random.fork('first'), 0);
    const first = await sendMessage(client, { chat, content: `${name}/before`, form: 'wait' });
    // Retention judges chats whose last answer ended before a time, to the millisecond.
    await delay(2);
    return new Retention(lab, name, { team, agent, chats: made.map(({ id }) => id), first });
  }

  /** Runs retention at both servers while users write into the chats. */
  async run(random: Random): Promise<void> {
    const { sites } = this.#lab;
    await Promise.all([
      ...sites.map((site) => this.#expire(site, random.fork(site.slot.name))),
      ...this.#chats.flatMap((chat, index) =>
        Array.from({ length: PEOPLE }, (_, person) => {
          const content = `${this.#name}/chat-${index + 1}/message-${person + 1}`;
          return this.#write(chat, content, random.fork(content));
        }),
      ),
    ]);
  }

  /** Runs retention once more, to its end: each of the chats is deleted by now, or stays. */
  async finish(): Promise<Episode> {
    const { sites } = this.#lab;
    const giveUpAt = performance.now() + FINISH_MAX_MS;
    for (let tries = 0; performance.now() < giveUpAt; tries++) {
      if (await sites[tries % sites.length]?.slot.expire({ ...this.#order, pauseMs: 0 })) break;
      await delay(PAUSE_MS);
    }
    const { at } = this.#order;
    return { messages: this.#messages, judged: this.#chats.map((chat) => ({ chat, at })) };
  }

  async #expire({ slot }: Site, random: Random): Promise<void> {
    for (let run = 0; run < RUNS; run++) {
      await delay(random.between(0, TOGETHER_MS / RUNS));
      await slot.expire({ ...this.#order, pauseMs: random.between(0, TOGETHER_MS / RUNS) });
    }
  }

  async #write(chat: string, content: string, random: Random): Promise<void> {
    await delay(random.between(0, TOGETHER_MS));
    const client = clientOf(this.#lab, random, random.between(0, this.#lab.sites.length - 1));
    const form = random.chance(0.5) ? 'stream' : 'wait';
    this.#messages.push(await sendMessage(client, { chat, content, form, mayMeet: ['chat_not_found'] }));
  }
}
