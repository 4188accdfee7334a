import { randomUUID } from 'node:crypto';
import { type Pace, timing } from '../script.ts';
import { laterTurnsOf, listing, makeChats, messagesOf, streamedTurnsOf, turnsOf } from './conversation.ts';
import { expectEqual, expectFields } from './expect.ts';
import type { OperationName } from './operation-name.ts';
import { runTasks } from './run-tasks.ts';
import type { Call, Load, Round, Target } from './task.ts';
import { visitPage } from './visit-page.ts';

/** Prepares a round of an operation: the calls, and the expected answers. */
type Prepare = (target: Target, load: Load) => Promise<Round>;

/** A chat takes this many turns, then another one is used: histories are of 0 to 18 messages. */
const TURNS_PER_CHAT = 10;
const LISTED_TURNS = 10;
const LISTED_CHATS = 50;
const LISTED_FROM = 8;
/** Of a chat that was there before, the model must see this many messages at least. */
const SEEN_MIN = 7;

export const operations: Readonly<Record<OperationName, Prepare>> = {
  async 'send-message'(target, { count, concurrency }) {
    const chatsPerWorker = Math.ceil(count / TURNS_PER_CHAT / concurrency);
    const chats = await makeChats(target, { count: chatsPerWorker * concurrency });
    return { tasks: chats.map((chat) => turnsOf(chat, TURNS_PER_CHAT)) };
  },

  async 'create-chat'({ agentId }, { count }) {
    const metadata = { plan: 'pro', page: '/pricing' };
    const tasks = Array.from({ length: count }, (_, index): Call[] => {
      const userId = `user_${index}`;
      return [
        {
          method: 'POST',
          path: '/chat',
          body: { agentId, userId, metadata },
          check: (answer) => expectFields(answer, { agentId, userId, metadata }),
        },
      ];
    });
    return { tasks };
  },

  async 'list-messages'(target, { count }) {
    const chats = await makeChats(target, { count: LISTED_FROM });
    await runTasks(target, { tasks: chats.map((chat) => turnsOf(chat, LISTED_TURNS)) }, LISTED_FROM);
    const lists = chats.map((chat) => listing(chat, messagesOf(chat, LISTED_TURNS)));
    return repeat(lists, count);
  },

  async 'list-chats'(target, { count }) {
    const userId = `user_${randomUUID()}`;
    const made = await makeChats(target, { count: LISTED_CHATS, userId });
    return repeat([listingOfChats(`/chat?userId=${userId}`, made.sort().reverse(), userId)], count);
  },

  'stream-message': (target, load) => streamRound(target, load, 'timed'),

  'hold-stream': (target, load) => streamRound(target, load, 'held'),

  /** The first turn of a chat finds out how long the chat is; that turn is made before. */
  async 'send-to-chats'(target, { chats = [], count }) {
    await runTasks(target, { tasks: chats.map((chat) => laterTurnsOf(chat, 1, SEEN_MIN - 2)) }, 1);
    return { tasks: chats.map((chat) => laterTurnsOf(chat, count / chats.length, SEEN_MIN)) };
  },

  async 'list-page'(_, { chats = [], count }) {
    return repeat([listingOfChats(`/chat?limit=${chats.length}`, chats)], count);
  },

  async 'visit-page'({ url }, { count, concurrency }) {
    return { tasks: [], run: () => visitPage(url, { visitors: count, perMinute: concurrency }) };
  },
};

/** The streams begin within the time of one turn, as people do, and so go on. */
async function streamRound(target: Target, { count, concurrency }: Load, pace: Pace): Promise<Round> {
  const turns = Math.ceil(count / concurrency);
  const chatsPerWorker = Math.ceil(turns / TURNS_PER_CHAT);
  const chats = await makeChats(target, { count: chatsPerWorker * concurrency });
  const conversations = chats.map((chat) => streamedTurnsOf(chat, Math.ceil(turns / chatsPerWorker), pace));
  return {
    tasks: conversations.map(({ calls }) => calls),
    spreadMs: timing.firstMs + timing.pieces * timing.pieceMs,
    afterwards: () => conversations.map(({ stored }) => [stored()]),
  };
}

function repeat(calls: readonly Call[], count: number): Round {
  return {
    tasks: Array.from({ length: count }, (_, index) => calls.slice(index % calls.length).slice(0, 1)),
  };
}

/** Lists chats, which must be these in this order, all of one user where one is named. */
function listingOfChats(path: string, ids: readonly string[], userId?: string): Call {
  return {
    method: 'GET',
    path,
    check: (answer) => {
      const { chats } = answer as { chats: { id: string; userId: string }[] };
      expectEqual(
        chats.map(({ id }) => id),
        ids,
      );
      if (userId !== undefined) expectEqual(chats[0]?.userId, userId);
    },
  };
}
