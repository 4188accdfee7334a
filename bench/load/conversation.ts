import { askAt, countIn, type Pace, quote, readStatedTime } from '../script.ts';
import { expectEqual, expectFields } from './expect.ts';
import { runTasks } from './run-tasks.ts';
import type { Call, Target } from './task.ts';

interface ChatMessage {
  readonly role: string;
  readonly content: string;
}

const PREPARING = 8;

/** Makes chats through the target's own transport; answers their ids. */
export async function makeChats(
  target: Target,
  { count, userId }: { count: number; userId?: string },
): Promise<string[]> {
  const ids: string[] = [];
  const create: Call = {
    method: 'POST',
    path: '/chat',
    body: { agentId: target.agentId, ...(userId !== undefined && { userId }) },
    check: (answer) => ids.push((answer as { id: string }).id),
  };
  const tasks = Array.from({ length: count }, () => [create]);
  await runTasks(target, { tasks }, PREPARING);
  return ids;
}

/** The turns of a new chat, one after the other; each answer must show that the model saw all before it. */
export function turnsOf(chat: string, count: number): Call[] {
  return Array.from({ length: count }, (_, index) =>
    turn(chat, question(chat, index), (content) => expectEqual(content, answerOf(chat, index))),
  );
}

/** Turns that are shown as they come. */
export interface StreamedTurns {
  readonly calls: Call[];
  /** To be asked when the turns have ended: what is stored must be what was shown. */
  readonly stored: () => Call;
}

/** The turns of a new chat, each shown as it comes by a model that answers at this pace. */
export function streamedTurnsOf(chat: string, count: number, pace: Pace): StreamedTurns {
  const shown: ChatMessage[] = [];
  const calls = Array.from({ length: count }, (_, index) => {
    const content = askAt(pace, question(chat, index));
    const call = turn(chat, content, (answer) => {
      expectEqual(readStatedTime(answer).text, quote(content, 2 * index + 1));
      shown.push({ role: 'user', content }, { role: 'assistant', content: answer });
    });
    return { ...call, isStreamed: true as const };
  });
  return { calls, stored: () => listing(chat, shown) };
}

/** Turns in a chat that was there before; each answer must show that the model saw `seenMin` messages at least. */
export function laterTurnsOf(chat: string, count: number, seenMin: number): Call[] {
  return Array.from({ length: count }, (_, index) => {
    const content = question(chat, index);
    return turn(chat, content, (answer) => {
      const seen = countIn(answer);
      expectEqual(answer, quote(content, Math.max(seen, seenMin)));
    });
  });
}

/** Lists a chat's messages, which must be these. */
export function listing(chat: string, expected: readonly ChatMessage[]): Call {
  return {
    method: 'GET',
    path: `/chat/${chat}/message`,
    check: (answer) => {
      const { messages } = answer as { messages: ChatMessage[] };
      expectEqual(
        messages.map(({ role, content }) => ({ role, content })),
        expected,
      );
    },
  };
}

/** The messages of a chat after so many turns. */
export function messagesOf(chat: string, count: number): ChatMessage[] {
  return Array.from({ length: count }, (_, index) => [
    { role: 'user', content: question(chat, index) },
    { role: 'assistant', content: answerOf(chat, index) },
  ]).flat();
}

function question(chat: string, index: number): string {
  return `This is question ${index + 1} of ${chat}: how do I change the plan I have chosen?`;
}

function answerOf(chat: string, index: number): string {
  return quote(question(chat, index), 2 * index + 1);
}

function turn(chat: string, content: string, check: (answer: string) => void): Call {
  return {
    method: 'POST',
    path: `/chat/${chat}/message`,
    body: { content, role: 'user' },
    check(answer) {
      expectFields(answer, { chatId: chat, role: 'assistant', status: 'completed' });
      check((answer as { content: string }).content);
    },
  };
}
