import { randomUUID } from 'node:crypto';
import { makeChats, messagesOf, turnsOf } from './conversation.ts';
import { expectEqual, expectFields } from './expect.ts';
import type { OperationName } from './operation-name.ts';
import { runTasks } from './run-tasks.ts';
import type { Call, Load, Target, Task } from './task.ts';

/** Prepares a round of an operation: what is to be called, and what must be answered. */
type Prepare = (target: Target, load: Load) => Promise<Task[]>;

/** A chat takes this many turns, then another one is used: histories are of 0 to 18 messages. */
const TURNS_PER_CHAT = 10;
const LISTED_TURNS = 10;
const LISTED_CHATS = 50;
const LISTED_FROM = 8;

export const operations: Readonly<Record<OperationName, Prepare>> = {
  async 'send-message'(target, { count, concurrency }) {
    const chatsPerWorker = Math.ceil(count / TURNS_PER_CHAT / concurrency);
    const chats = await makeChats(target, { count: chatsPerWorker * concurrency });
    return chats.map((chat) => turnsOf(chat, TURNS_PER_CHAT));
  },

  async 'create-chat'({ agentId }, { count }) {
    const metadata = { plan: 'pro', page: '/pricing' };
    return Array.from({ length: count }, (_, index) => {
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
  },

  async 'list-messages'(target, { count }) {
    const chats = await makeChats(target, { count: LISTED_FROM });
    await runTasks(
      target,
      chats.map((chat) => turnsOf(chat, LISTED_TURNS)),
      LISTED_FROM,
    );
    return Array.from({ length: count }, (_, index) => [listOf(chats[index % chats.length] ?? '')]);
  },

  async 'list-chats'(target, { count }) {
    const userId = `user_${randomUUID()}`;
    const made = await makeChats(target, { count: LISTED_CHATS, userId });
    const ids = made.sort().reverse();
    const list: Call = {
      method: 'GET',
      path: `/chat?userId=${userId}`,
      check: (answer) => {
        const { chats } = answer as { chats: { id: string; userId: string }[] };
        expectEqual(
          chats.map(({ id }) => id),
          ids,
        );
        expectEqual(chats[0]?.userId, userId);
      },
    };
    return Array.from({ length: count }, () => [list]);
  },
};

function listOf(chat: string): Call {
  const expected = messagesOf(chat, LISTED_TURNS);
  return {
    method: 'GET',
    path: `/chat/${chat}/message`,
    check: (answer) => {
      const { messages } = answer as { messages: { role: string; content: string }[] };
      expectEqual(
        messages.map(({ role, content }) => ({ role, content })),
        expected,
      );
    },
  };
}
