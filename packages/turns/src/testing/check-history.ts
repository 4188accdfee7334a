import { checkCalls } from './check-calls.ts';
import { checkChatReaders } from './check-chat-readers.ts';
import { checkReaders } from './check-readers.ts';
import { checkRequests } from './check-requests.ts';
import { checkFailedAnswers, checkTurns } from './check-turns.ts';
import { checkFinishReasons, withoutFinishReasons } from './finish-reasons.ts';
import type { History } from './history.ts';

/**
 * Returns the broken promises of a history as sentences; none if all are kept. Call it when the system is idle and
 * its data no longer changes.
 */
export function checkHistory(history: History): string[] {
  const { hasOlderRelease = false } = history;
  const chats = hasOlderRelease ? history.chats.map(withoutFinishReasons) : history.chats;
  return chats.flatMap((chat) =>
    [
      ...checkTurns(chat),
      ...(hasOlderRelease ? [] : [...checkFinishReasons(chat), ...checkFailedAnswers(chat)]),
      ...checkRequests(chat),
      ...checkCalls(chat, {
        callsPerTurnMax: history.modelsMax * (1 + history.takeoversMax + history.handovers),
        hasOlderRelease,
      }),
      ...checkReaders(chat),
      ...checkChatReaders(chat),
    ].map((offence) => `${chat.chat}: ${offence}`),
  );
}
