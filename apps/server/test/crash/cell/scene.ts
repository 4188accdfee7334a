import type { Chat } from '@parley/contract';
import type { ChatFollower } from '../clients/chat-follower.ts';
import type { CellHistory, SentMessage } from '../judge/history.ts';
import type { Lab } from '../lab/lab.ts';
import type { Random } from '../random.ts';
import { endFollowers, startFollowers } from './followers.ts';
import { readLists, readTurns, untilSettled } from './observe.ts';
import { replayAll } from './writers.ts';

/** The observations of a scene, from all sides. */
export type Observation = Omit<CellHistory, 'harms' | 'promises'>;

/** Some chats of their own in a lab, each with a follower, watched until nothing moves in them any more. */
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
    const chats = await Promise.all(Array.from({ length: chatCount }, () => createChat(lab)));
    return new Scene(lab, chats, startFollowers(lab, chats, random));
  }

  /** Waits until all has settled, and answers what was seen. */
  async end(messages: readonly SentMessage[]): Promise<Observation> {
    const lab = this.#lab;
    await lab.ready();
    await untilSettled(lab, this.chats);
    const turns = await readTurns(lab, this.chats);
    const [replayed, lists, followers] = await Promise.all([
      replayAll(lab, messages),
      readLists(lab, this.chats),
      endFollowers(this.#followers, turns),
    ]);
    const calls = lab.model.calls.slice(this.#callsBefore);
    const troubles = lab.sites.flatMap(({ slot }) => slot.takeTroubles());
    return { messages: replayed, calls, turns, lists, followers, troubles };
  }
}

export async function createChat({ sites, key, agentId }: Lab): Promise<string> {
  const response = await fetch(`${sites[0].slot.url}/chat`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    body: JSON.stringify({ agentId }),
  });
  return ((await response.json()) as Chat).id;
}
