import { quote } from '../script.ts';
import { expectFields } from './expect.ts';
import { runTasks } from './run-tasks.ts';
import type { Call, Target } from './task.ts';

const PREPARING = 8;

/** Makes chats through the target's own door; answers their ids. */
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
  await runTasks(
    target,
    Array.from({ length: count }, () => [create]),
    PREPARING,
  );
  return ids;
}

/** The turns of a new chat, one after the other; each answer must show that the model saw all before it. */
export function turnsOf(chat: string, count: number): Call[] {
  return Array.from({ length: count }, (_, index) => {
    const content = question(chat, index);
    return {
      method: 'POST',
      path: `/chat/${chat}/message`,
      body: { content, role: 'user' },
      check: (answer) =>
        expectFields(answer, { chatId: chat, role: 'assistant', content: answerOf(chat, index) }),
    };
  });
}

/** The messages of a chat after so many turns. */
export function messagesOf(chat: string, count: number): { role: string; content: string }[] {
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
