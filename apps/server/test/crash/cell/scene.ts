import type { Chat } from '@parley/contract';
import type { ChatFollower } from '../clients/chat-follower.ts';
import type { CellHistory, Judgement, SentMessage } from '../judge/history.ts';
import type { Lab } from '../lab/lab.ts';
import type { Random } from '../random.ts';
import { checkDeleted, isDeleted } from './deleted-chats.ts';
import { endFollowers, startFollowers } from './followers.ts';
import { readLists, readTurns, untilSettled } from './observe.ts';
import { replayAll } from './writers.ts';

/** The observations of a scene: of its clients, servers, model and database. */
export type Observation = Omit<CellHistory, 'harms' | 'promises'>;

/** Events in separate chats, which no follower watches. */
export interface Episode {
  readonly messages: readonly SentMessage[];
  /** Chats that stay. */
  readonly chats?: readonly string[];
  /** Those of them in which answers may be stopped. */
  readonly stopped?: readonly string[];
  /** Chats that retention judged. */
  readonly judged?: readonly Omit<Judgement, 'isDeleted'>[];
}

/** Separate chats in a lab, each with a follower, which are observed until nothing changes in them any more. */
export class Scene {
  readonly chats: readonly string[];
  readonly #lab: Lab;
  readonly #followers: readonly ChatFollower[];
  readonly #callsBefore: number;

  private constructor(lab: Lab, chats: readonly string[], followers: readonly ChatFollower[]) {
    this.#lab = lab;
    this.chats = chats;
    this.#followers = followers;
    this.#callsBefore = lab.model.calls.length;
  }

  static async open(lab: Lab, chatCount: number, random: Random): Promise<Scene> {
    await lab.ready();
    const made = await Promise.all(Array.from({ length: chatCount }, () => createChat(lab)));
    const chats = made.map(({ id }) => id);
    return new Scene(lab, chats, startFollowers(lab, chats, random));
  }

  /** Waits until everything has settled, and returns the observations. */
  async end(written: readonly SentMessage[], episodes: readonly Episode[] = []): Promise<Observation> {
    const lab = this.#lab;
    await lab.ready();
    const messages = [...written, ...episodes.flatMap((episode) => episode.messages)];
    const judged = episodes.flatMap((episode) => episode.judged ?? []);
    const staying = [...this.chats, ...episodes.flatMap((episode) => episode.chats ?? [])];
    await untilSettled(lab, [...staying, ...judged.map(({ chat }) => chat)]);
    const judgements = await Promise.all(
      judged.map(async (one) => ({ ...one, isDeleted: await isDeleted(lab, one.chat) })),
    );
    const deleted = judgements.filter((one) => one.isDeleted).map(({ chat }) => chat);
    const left = await Promise.all(deleted.map((chat) => checkDeleted(lab, chat)));
    const kept = judgements.filter((one) => !one.isDeleted).map(({ chat }) => chat);
    const turns = await readTurns(lab, [...staying, ...kept, ...deleted]);
    const [replayed, lists, followers] = await Promise.all([
      replayAll(
        lab,
        messages.filter(({ chat }) => !deleted.includes(chat)),
      ),
      readLists(lab, [...staying, ...kept]),
      endFollowers(this.#followers, turns),
    ]);
    const ofDeleted = messages.filter(({ chat }) => deleted.includes(chat));
    const calls = lab.model.calls.slice(this.#callsBefore);
    const troubles = [...left.flat(), ...lab.sites.flatMap(({ slot }) => slot.takeTroubles())];
    const stoppedChats = episodes.flatMap((episode) => episode.stopped ?? []);
    const all = [...replayed, ...ofDeleted];
    return { messages: all, calls, turns, lists, followers, stoppedChats, judgements, troubles };
  }
}

/** Creates a chat, by default with the team's agent. */
export async function createChat(lab: Lab, agentId: string = lab.agentId): Promise<Chat> {
  return await create<Chat>(lab, '/chat', { agentId });
}

/** Creates an object while every server accepts requests. */
export async function create<Created>(
  { sites, key }: Lab,
  path: string,
  body: object,
  headers: Readonly<Record<string, string>> = { 'x-api-key': key },
  method: 'POST' | 'PUT' = 'POST',
): Promise<Created> {
  const response = await fetch(`${sites[0].slot.url}${path}`, {
    method,
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok)
    throw new Error(`${method} ${path} was answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Created;
}
