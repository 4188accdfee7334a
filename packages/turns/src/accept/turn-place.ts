import {
  ApiError,
  extendPath,
  lastOf,
  limits,
  type Path,
  pathBefore,
  pathOf,
  rangesOf,
  storedPath,
  turnIdOf,
} from '@parley/contract';
import type { ChatAccess, ChatTail, TurnRecord } from '@parley/db';
import type { TurnDeps } from '../dependencies.ts';

/** The place of a new turn among the paths of its chat. */
export interface TurnPlace {
  /** Absent if the turn follows every turn before it. */
  readonly fields: { readonly parent?: number; readonly path?: Path };
  /** The turn does not follow the newest one, so the chat shows another path from then on. */
  readonly isFork: boolean;
}

/** The message that a new one replaces, or that it follows. */
export interface SentPlace {
  readonly replaces?: string | undefined;
  readonly after?: string | undefined;
}

/** The place of a turn that follows every turn before it. */
const STRAIGHT: TurnPlace = { fields: {}, isFork: false };

/**
 * The place of a new message behind the chat's newest turn; undefined if the named message is newer than `tail`, which has to be
 * read again. A chat without versions needs no query.
 *
 * @throws ApiError `message_not_found`, `too_many_versions`
 */
export function placeOf(
  deps: TurnDeps,
  access: ChatAccess,
  { replaces, after }: SentPlace,
  tail: ChatTail,
): TurnPlace | undefined | Promise<TurnPlace | undefined> {
  if (replaces !== undefined) return placeInstead(deps, access, replaces, tail);
  if (after !== undefined) return placeAfter(deps, access, after, tail);
  if (isChosen(access, tail)) return placeBehindChoice(deps, access, tail);
  return tail.path ? placeOn(tail.path, tail) : STRAIGHT;
}

/**
 * The place of a turn with this path.
 *
 * @throws ApiError `too_many_versions`
 */
export function placeWith(path: Path, parent: number, isFork: boolean): TurnPlace {
  if (rangesOf(path) > limits.pathRangesMax) throw new ApiError('too_many_versions');
  const stored = storedPath(path);
  return { fields: { parent, ...(stored && { path: stored }) }, isFork };
}

/** The turn of a user's message that was not removed. @throws ApiError `message_not_found` */
export async function findAsked(
  { store }: TurnDeps,
  access: ChatAccess,
  message: string,
): Promise<TurnRecord> {
  const asked = await store.turns.findByUserMessage(access, message);
  if (!asked || asked.isRemoved) throw new ApiError('message_not_found');
  return asked;
}

/** The sequence of the turn that a message's turn follows. */
export function parentOf(asked: TurnRecord): number {
  return lastOf(pathBefore(pathOf(asked), asked.sequence));
}

/** The place behind the last turn of a path. */
function placeOn(path: Path, tail: ChatTail): TurnPlace | undefined {
  const parent = lastOf(path);
  if (parent > tail.sequence) return undefined;
  const isFork = parent !== tail.sequence;
  const extended = extendPath(path, tail.sequence + 1);
  return !isFork && !storedPath(extended) ? STRAIGHT : placeWith(extended, parent, isFork);
}

function isChosen({ chat: { choice } }: ChatAccess, tail: ChatTail): boolean {
  return choice?.tailSequence === tail.sequence;
}

/** The path that the chat shows. */
async function shownPath({ store }: TurnDeps, access: ChatAccess, tail: ChatTail): Promise<Path> {
  const { choice } = access.chat;
  if (!choice || !isChosen(access, tail)) return pathOf(tail);
  const chosen = await store.turns.findPath(access, choice.turn);
  // Turns are only removed with their chat.
  if (!chosen) throw new ApiError('chat_not_found');
  return chosen;
}

async function placeBehindChoice(
  deps: TurnDeps,
  access: ChatAccess,
  tail: ChatTail,
): Promise<TurnPlace | undefined> {
  return placeOn(await shownPath(deps, access, tail), tail);
}

async function placeInstead(
  deps: TurnDeps,
  access: ChatAccess,
  replaces: string,
  tail: ChatTail,
): Promise<TurnPlace | undefined> {
  const asked = await findAsked(deps, access, replaces);
  if (asked.sequence > tail.sequence) return undefined;
  const parent = parentOf(asked);
  const versions = await deps.store.turns.listVersions(access, [parent]);
  const ofMessage = versions.filter((version) => !version.isRetry && version.parent === parent);
  if (ofMessage.length >= limits.versionsMax) throw new ApiError('too_many_versions');
  const path = extendPath(pathBefore(pathOf(asked), asked.sequence), tail.sequence + 1);
  return placeWith(path, parent, true);
}

async function placeAfter(
  deps: TurnDeps,
  access: ChatAccess,
  after: string,
  tail: ChatTail,
): Promise<TurnPlace | undefined> {
  const { store } = deps;
  const id = turnIdOf(after);
  const answered = id && (await store.turns.find(access, id));
  const seen = answered && !answered.isRemoved ? answered : await findAsked(deps, access, after);
  const shown = await shownPath(deps, access, tail);
  if (answered) return placeOn(pathOf(seen), tail);
  // The message may have been answered again since it was sent.
  const head = lastOf(shown);
  const [newest] = await store.turns.listAfter(access, head - 1, 1);
  const isHead = newest?.sequence === head && newest.retryOf?.userMessageId === after;
  return placeOn(isHead ? shown : pathOf(seen), tail);
}
