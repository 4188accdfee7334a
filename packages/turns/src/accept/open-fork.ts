import { ApiError } from '@parley/contract';
import type { ChatAccess, ChatTail } from '@parley/db';
import { type AcceptDeps, readTailOnly } from './insert-turn.ts';
import { FORK_POLL_MS } from './intervals.ts';

/**
 * Allows a turn that does not follow the newest one, once every turn of the chat has ended. With `interrupts` the unfinished
 * turns are cancelled first. Returns the chat's newest turn. The chat is marked before such a turn is stored, so that every
 * process that runs a later turn knows that the chat has versions.
 *
 * @throws ApiError `versions_unavailable`, `chat_busy`, `chat_not_found`
 */
export async function openFork(
  deps: AcceptDeps,
  access: ChatAccess,
  tail: ChatTail,
  interrupts: boolean,
): Promise<ChatTail> {
  if (!(await deps.allowsVersions())) throw new ApiError('versions_unavailable');
  const { sequence, ended: isEnded, textBytes, unfinished } = tail;
  const ended =
    isEnded || !interrupts
      ? { sequence, ended: isEnded, textBytes, unfinished }
      : await interruptAll(deps, access, tail);
  if (!ended.ended) throw new ApiError('chat_busy');
  if (!access.chat.hasVersions) await deps.store.chats.markVersions(access);
  return ended;
}

/** Cancels the unfinished turns of a chat, and waits until they have ended. */
async function interruptAll(deps: AcceptDeps, access: ChatAccess, first: ChatTail): Promise<ChatTail> {
  const { store, runner, clock, bounds } = deps;
  const deadline = clock.now() + bounds.cancelWaitMaxMs;
  for (let tail = first; ; tail = await readTailOnly(deps, access)) {
    if (tail.ended || clock.now() >= deadline) return tail;
    await store.turns.cancelBefore(access, tail.sequence + 1);
    runner.stopBefore(access.chat.id, tail.sequence + 1);
    await clock.sleep(FORK_POLL_MS);
  }
}
