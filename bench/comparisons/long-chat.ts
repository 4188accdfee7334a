import { limits } from '@parley/contract';
import { ownerOf, seedConversations } from '../lab/seed.ts';
import { operationColumns } from './columns.ts';
import type { Column, Comparison, Side } from './comparison.ts';

const CHATS = 10;
/** In a round; the short chats then have 10 messages on average. */
const TURNS_PER_CHAT = 5;
const SHORT_TURNS = 2;
const LONG_TURNS = limits.chatMessagesMax / 2;
/** A profile takes many turns at once. */
const PROFILE_TURNS = 500;

const latency: Column = { title: 'p50 ms', measure: 'p50Ms', digits: 1 };

/** A turn in chats that are nearly full, and in chats that have just begun. */
export const longChat: Comparison = {
  title: 'A message turn in a chat of 10 messages and in one of 10,000',
  concurrencies: [1],
  columns: operationColumns,
  spread: latency,
  warmUps: [{ concurrency: 1, count: CHATS * TURNS_PER_CHAT }],
  countOf: () => CHATS * TURNS_PER_CHAT,
  async sides({ mongo, server }, { rounds, isProfile }) {
    const seed = (turns: number) => seedConversations(mongo, ownerOf(server), { chats: CHATS, turns });
    // One turn more than is measured: the first one finds out how long the chat is.
    const taken = isProfile ? PROFILE_TURNS : (rounds + 1) * (TURNS_PER_CHAT + 1);
    const long = await seed(LONG_TURNS - taken);
    const side = (name: string, chatsOf: () => string[] | Promise<string[]>): Side => ({
      name,
      subject: server,
      loadOf: async (size) => ({ operation: 'send-to-chats', chats: await chatsOf(), ...size }),
    });
    return [side('10', () => seed(SHORT_TURNS)), side('10,000', () => long)];
  },
};
