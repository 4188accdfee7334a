import type { Id } from '@parley/contract';
import { AnswerReader } from './answer-reader.ts';
import { ChatFollower, type ChatStatus } from './chat-follower.ts';
import { Ledger } from './ledger.ts';
import { queryAsOtherTeam } from './other-team.ts';
import type { Random } from './random.ts';
import { Sender } from './sender.ts';
import type { World } from './world.ts';

/** The pause of a reader that finds no answer. */
const READ_PAUSE_MS = 200;

/** All users of the chats. Each acts at random times. */
export class People {
  readonly ledger = new Ledger();
  readonly #world: World;
  readonly #random: Random;
  readonly #sender: Sender;
  readonly #followers = new Map<ChatFollower, Id<'chat'>>();
  #busy = 0;
  #readers = 0;

  constructor(world: World) {
    this.#world = world;
    this.#random = world.random.fork();
    this.#sender = new Sender(world, this.ledger);
  }

  /** The number of users who wait for a result. Followers of a chat never finish and are not counted. */
  get busy(): number {
    return this.#busy;
  }

  begin(): void {
    const { people } = this.#world.plan;
    this.#often(people.messages, (chat) => this.#sender.send(chat));
    this.#often(people.cancels, (chat) => this.#sender.cancel(chat));
    this.#often(people.retries, (chat) => this.#sender.retry(chat));
    this.#often(people.deletes, (chat) => this.#sender.delete(chat));
    this.#often(people.retentions, (chat) => this.#sender.retire(chat));
    this.#often(people.blocks, () => this.#sender.block());
    this.#often(people.readers, (chat) => this.#read(chat));
    this.#often(people.otherTeams, (chat) => queryAsOtherTeam(this.#world, chat));
    for (let index = 0; index < people.chatReaders; index++) {
      const chat = this.#random.pick(this.#world.chats);
      this.#world.scheduler.after(this.#random.between(0, this.#world.plan.activeMs), () =>
        this.#follow(chat),
      );
    }
    this.#often(people.erasures, (chat) => this.#sender.erase(chat));
    this.#often(people.choices, (chat) => this.#sender.choose(chat));
    this.#often(people.removals, (chat) => this.#sender.remove(chat));
  }

  /** Describes the events that followers have not received of chats that do not change any more. */
  missing(statusOf: (chat: Id<'chat'>) => ChatStatus): string[] {
    return [...this.#followers]
      .map(([follower, chat]) => follower.missing(statusOf(chat)))
      .filter((missing) => missing !== undefined);
  }

  /** Ends the followers of chats. */
  stopFollowing(): void {
    for (const follower of this.#followers.keys()) follower.stop();
  }

  #often(times: number, act: (chat: Id<'chat'>) => Promise<void>): void {
    const { scheduler, plan, chats } = this.#world;
    for (let index = 0; index < times; index++) {
      const chat = this.#random.pick(chats);
      // Some users act at the same time as others, most do not.
      const at = this.#random.chance(plan.people.together)
        ? plan.activeMs / 3
        : this.#random.between(0, plan.activeMs);
      scheduler.after(at, () => {
        this.#busy++;
        act(chat).then(
          () => this.#busy--,
          (error: unknown) => {
            this.#busy--;
            this.#world.offend(`someone broke off: ${error instanceof Error ? error.stack : error}`);
          },
        );
      });
    }
  }

  async #read(chat: Id<'chat'>): Promise<void> {
    const { answers } = this.ledger.of(chat);
    for (let tries = 0; answers.length === 0 && tries < 5; tries++) await this.#world.wait(READ_PAUSE_MS);
    if (answers.length === 0) return;
    const answerId = this.#random.chance(0.7) ? answers.at(-1) : this.#random.pick(answers);
    if (answerId === undefined) return;
    await new AnswerReader(this.#world, this.ledger, chat, answerId, `reader ${++this.#readers}`).read();
  }

  #follow(chat: Id<'chat'>): void {
    const follower = new ChatFollower(this.#world, this.ledger, chat, `follower ${++this.#readers}`);
    this.#followers.set(follower, chat);
    follower.follow().catch((error: unknown) => {
      this.#world.offend(`a follower broke off: ${error instanceof Error ? error.stack : error}`);
    });
  }
}
