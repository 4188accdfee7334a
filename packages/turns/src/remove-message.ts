import { ApiError, isId, isOnPath, pathOf } from '@parley/contract';
import type { ChatAccess, TurnRecord } from '@parley/db';
import { systemScopeOf } from './dependencies.ts';
import type { Engine } from './engine.ts';

/** The turns of a message that one query reads. */
const TURNS_PAGE = 50;

/**
 * Removes the content of a user's message, whose newest answer failed and is the chat's newest turn. Its turns stay, without
 * content: sequence, ids, usage and the idempotency record.
 *
 * The message is marked first, and then the chat's newest turn is read again. A retry that was inserted before the mark is
 * seen then, and the mark is taken back; the run of a later one sees the mark and ends. The chat's revision is raised before
 * the mark, so that runs do not use a history that they remember, and after the removal, so that followers read the chat.
 *
 * @throws ApiError `message_not_found`, `not_deletable`, `versions_unavailable`
 */
export async function removeMessage(engine: Engine, access: ChatAccess, messageId: string): Promise<void> {
  const { store, followers } = engine;
  if (!isId('message', messageId)) throw new ApiError('message_not_found');
  const asked = await store.turns.findByUserMessage(access, messageId);
  // A removal that was cut off has left the content.
  if (!asked || (asked.isRemoved && isEmpty(asked))) throw new ApiError('message_not_found');
  // A removal that was cut off may have left its mark on a message that was answered meanwhile.
  if (asked.isRemoved) await findFailedOrUnmark(engine, access, asked);
  else await findFailed(engine, access, asked);
  if (!(await engine.allowsVersions())) throw new ApiError('versions_unavailable');
  await store.chats.markVersions(access);
  await store.turns.markRemoved(access, asked.id, true);
  const turns = await findFailedOrUnmark(engine, access, asked);
  // The message itself is the last to lose its content, so that a removal that was cut off can be repeated.
  for (const { id, userMessage } of turns.toReversed()) {
    await store.turns.markRemoved(access, id, true);
    if (userMessage?.files)
      await store.files.release(
        access,
        userMessage.files.map((file) => file.id),
      );
    await store.search.remove(access, [id]);
    await store.turnLog.remove(systemScopeOf(access), id);
    // An ended turn does not change. It is only missing if the chat was deleted.
    if (!(await store.turns.removeContent(access, id))) throw new ApiError('chat_not_found');
  }
  await store.chats.markVersions(access);
  followers.chats.notify(access.chat.id, 'changed');
}

function isEmpty({ userMessage }: TurnRecord): boolean {
  return userMessage?.content === '' && userMessage.files === undefined;
}

/** The turns that answer a message. @throws ApiError `not_deletable` if not all of them failed, or the last is not the newest */
async function findFailed(
  engine: Engine,
  access: ChatAccess,
  asked: TurnRecord,
): Promise<readonly TurnRecord[]> {
  const turns = await findTurnsOf(engine, access, asked);
  const tail = await engine.store.turns.tail(access);
  if (!tail) throw new ApiError('chat_not_found');
  const isNewest = turns.at(-1)?.sequence === tail.sequence;
  if (!isNewest || turns.some(({ status }) => status !== 'failed')) throw new ApiError('not_deletable');
  return turns;
}

/** The same, for a marked message: its mark is taken back if it cannot be removed. */
async function findFailedOrUnmark(
  engine: Engine,
  access: ChatAccess,
  asked: TurnRecord,
): Promise<readonly TurnRecord[]> {
  try {
    return await findFailed(engine, access, asked);
  } catch (error) {
    if (error instanceof ApiError && error.code === 'not_deletable')
      await engine.store.turns.markRemoved(access, asked.id, false);
    throw error;
  }
}

/** The turns that answer a message, on all paths. */
async function findTurnsOf(
  { store }: Engine,
  access: ChatAccess,
  asked: TurnRecord,
): Promise<readonly TurnRecord[]> {
  const found = [asked];
  for (let after = asked.sequence; ; ) {
    const page = await store.turns.listAfter(access, after, TURNS_PAGE);
    found.push(...page.filter((turn) => turn.retryOf?.userMessageId === asked.userMessage?.id));
    // A turn that follows the message keeps it, wherever it is.
    if (page.some((turn) => turn.userMessage && isOnPath(pathOf(turn), asked.sequence)))
      throw new ApiError('not_deletable');
    const last = page.at(-1);
    if (!last || page.length < TURNS_PAGE) return found;
    after = last.sequence;
  }
}
