import {
  compactAs,
  firstRanges,
  type Id,
  isOnPath,
  lastOf,
  lastRanges,
  type Path,
  type PathRange,
  pathBefore,
  pathOf,
  turnIdOf,
} from '@parley/contract';
import { trusted } from 'mongoose';
import type { TurnPages } from '../batching/turn-pages.ts';
import type { ChatAccess } from '../chat/chat-access.ts';
import type { Models } from '../models.ts';
import { fromErrorFields } from '../turn/stored-error-code.ts';
import { toTape } from '../turn/stored-parts.ts';
import { createTurnQueries } from '../turn/turn-queries.ts';
import type { VersionTurn } from '../turn/turn-records.ts';
import type { TurnStatus } from '../turn/turn-status.ts';
import { type ListedTurn, listedFields } from './listed-turn.ts';
import type { MessageStore } from './message-port.ts';
import type { ListedMessage, MessagePosition } from './message-records.ts';

type PlacedMessage = ListedMessage & { readonly position: MessagePosition };

/** The maximum number of turns that one query reads. */
const TURNS_PAGE_MAX = 500;

/** The number of turns that a list reads first, together with other lists. Most chats have no more. */
const FIRST_TURNS = 32;

/**
 * Creates the store of messages, which reads them from the documents of their turns. The beginnings of lists are read
 * through `pages`, in batches.
 */
export function createMessageStore({ turns }: Models, pages: TurnPages): MessageStore {
  const queries = createTurnQueries({ turns });

  /** Each page of a path is read by one query, which has a range for each range of the path. */
  async function* readPath(
    owner: Pick<TurnOwner, 'chat' | 'team'>,
    path: Path,
    from: number,
    page: PageOrder,
  ) {
    const { direction, size } = page;
    for (let next = from; ; ) {
      const ranges = direction === 1 ? firstRanges(path, next, size) : lastRanges(path, next, size);
      const last = ranges.at(-1);
      if (!last) return;
      const found: ListedTurn[] = await turns
        .find(anyRange(owner, ranges), listedFields)
        .sort({ sequence: direction })
        .lean();
      yield* found;
      next = direction === 1 ? last.last + 1 : last.first - 1;
    }
  }

  /** The path that a list shows; undefined for every turn of the chat. */
  async function findShownPath(access: ChatAccess, head: number | undefined): Promise<Path | undefined> {
    const { hasVersions, choice } = access.chat;
    if (!hasVersions) return undefined;
    if (head !== undefined) return (await queries.findPath(access, head)) ?? [];
    const tail = await queries.tail(access);
    if (!tail) return [];
    const isChosen = choice && choice.tailSequence === tail.sequence;
    return isChosen ? ((await queries.findPath(access, choice.turn)) ?? []) : pathOf(tail);
  }

  /** Adds the versions of the messages of groups, which one query reads. */
  async function withSiblings(
    access: ChatAccess,
    path: Path,
    groups: readonly (readonly ListedTurn[])[],
    messages: readonly PlacedMessage[],
  ): Promise<PlacedMessage[]> {
    const parentOf = new Map(
      groups.flatMap((group) => {
        const parent = lastOf(pathBefore(path, group[0]?.sequence ?? 0));
        return group.map(({ sequence }) => [sequence, parent]);
      }),
    );
    const versions = await queries.listVersions(access, [...new Set(parentOf.values())]);
    const listed = new Map(groups.flat().map((turn) => [turn.sequence, turn]));
    const { siblingsOf, answersTo } = indexVersions(versions, [...listed.values()]);
    return messages.map((message) => {
      const { sequence, role } = message.position;
      const ids = siblingsOf(parentOf.get(sequence), message.id, role);
      const index = ids.indexOf(message.id);
      const others = role === 'user' && !message.isAnswered ? answersTo(message.id) : [];
      return {
        ...message,
        ...(index !== -1 && ids.length > 1 && { siblings: { index, ids } }),
        ...(others.length > 0 && { otherAnswers: others }),
      };
    });
  }

  /** Messages are read page by page, because a cursor that is not read to its end would stay open on the server. */
  async function* readTurns(filter: { chat: Id<'chat'>; team: Id<'team'> }, from: number, page: PageOrder) {
    const { direction, size } = page;
    const operator = direction === 1 ? '$gte' : '$lte';
    let next = from;
    if (direction === 1) {
      const before = from + Math.min(size, FIRST_TURNS);
      const first = await pages.read({ ...filter, from, before });
      yield* first;
      if (first.length < before - from) {
        // Nothing follows, unless an import left a gap in the sequences of the chat.
        yield* await pages.read({ ...filter, from: before, before: Number.MAX_SAFE_INTEGER });
        return;
      }
      next = before;
    }
    for (;;) {
      const found: ListedTurn[] = await turns
        .find({ ...filter, sequence: trusted({ [operator]: next }) }, listedFields)
        .sort({ sequence: direction })
        .limit(size)
        .lean();
      yield* found;
      const last = found.at(-1);
      if (!last || found.length < size) return;
      next = last.sequence + direction;
    }
  }

  return {
    async list(access, { limit, order, after, head = after?.head }) {
      const { id: chat, team } = access.chat;
      const path = await findShownPath(access, head);
      const direction = order === 'asc' ? 1 : -1;
      const from = after?.sequence ?? (order === 'asc' ? 1 : Number.MAX_SAFE_INTEGER);
      const items: PlacedMessage[] = [];
      const groups: ListedTurn[][] = [];
      // Most turns have a message and its answer. One more message shows whether the list continues, and the turn behind
      // it shows that it has no retries.
      const size = Math.min(Math.ceil(limit / 2) + 2, TURNS_PAGE_MAX);
      const pageOrder = { direction, size } as const;
      const found = path
        ? readPath({ chat, team }, path, from, pageOrder)
        : readTurns({ chat, team }, from, pageOrder);
      for await (const group of grouped(found, direction)) {
        const messages = messagesOf(group);
        if (order === 'desc') messages.reverse();
        items.push(...messages.filter((message) => isAfter(message.position, after, direction)));
        if (path) groups.push(group);
        if (items.length > limit) break;
      }
      const cut = items.slice(0, limit);
      const page = path ? await withSiblings(access, path, groups, cut) : cut;
      const position = cut.at(-1)?.position;
      if (items.length <= limit || !position) return { items: page };
      return { items: page, next: path ? { ...position, head: lastOf(path) } : position };
    },

    async findHead(access, message) {
      const turn = await findTurnOf(access, message);
      if (!turn || turn.isRemoved) return undefined;
      const { sequence, userMessageId } = turn;
      const isAnswer = turn.answerId === message;
      // A later turn that answers the same message again hides this answer on its path.
      const versions = await queries.listVersions(access, [turn.parent]);
      const later = versions
        .filter((version) => isAnswer && version.isRetry && version.userMessageId === userMessageId)
        .map((version) => version.sequence)
        .filter((version) => version > sequence);
      return findNewestHead(access, sequence, later);
    },
  };

  /** The turn of an answer or of a user's message, with the turn that its message follows. */
  async function findTurnOf(access: ChatAccess, message: string) {
    const id = turnIdOf(message);
    const answered = id && (await queries.find(access, id));
    const turn = answered ?? (await queries.findByUserMessage(access, message));
    if (!turn || (answered && !answered.answer)) return undefined;
    const { userMessage, retryOf } = turn;
    const userMessageId = userMessage?.id ?? retryOf?.userMessageId;
    const asked = userMessage ? turn : await queries.findByUserMessage(access, userMessageId ?? '');
    if (!asked || !userMessageId) return undefined;
    const { sequence, answerId, isRemoved } = turn;
    const parent = lastOf(pathBefore(pathOf(asked), asked.sequence));
    return { sequence, answerId, isRemoved, userMessageId, parent };
  }

  /** The newest turn whose path has a turn and none of the others. Only the places of the turns are read. */
  async function findNewestHead(
    access: ChatAccess,
    sequence: number,
    others: readonly number[],
  ): Promise<number | undefined> {
    const { id: chat, team } = access.chat;
    for (let before = Number.MAX_SAFE_INTEGER; before > sequence; ) {
      const found = await turns
        .find(
          { chat, team, sequence: trusted({ $gte: sequence, $lt: before }) },
          { sequence: 1, path: 1, retryOf: 1 },
        )
        .sort({ sequence: -1 })
        .limit(TURNS_PAGE_MAX)
        .lean();
      for (const turn of found) {
        const path = pathOf(turn);
        if (isOnPath(path, sequence) && !others.some((other) => isOnPath(path, other))) return turn.sequence;
      }
      const last = found.at(-1);
      if (!last || found.length < TURNS_PAGE_MAX) return undefined;
      before = last.sequence;
    }
    return undefined;
  }
}

interface TurnOwner {
  readonly chat: Id<'chat'>;
  readonly team: Id<'team'>;
}

function anyRange({ chat, team }: TurnOwner, ranges: readonly PathRange[]) {
  const filters = ranges.map(({ first, last }) => ({
    ...{ chat, team },
    sequence: trusted({ $gte: first, $lte: last }),
  }));
  const [only] = filters;
  return only && filters.length === 1 ? only : { $or: filters };
}

/**
 * Finds the ids of the versions of a message: of a user's, those that follow the same turn; of an answer, those with its message.
 * And the answers to a user's message.
 */
function indexVersions(versions: readonly VersionTurn[], listed: readonly ListedTurn[]) {
  const messageOfAnswer = new Map(listed.map((turn) => [turn.answerId, userMessageOf(turn)]));
  const known = new Map(versions.map((version) => [version.sequence, version]));
  // Retries of failed answers have no parent, but are on the path of every later version.
  const unknown = listed
    .filter(({ sequence, retryOf }) => retryOf && !known.has(sequence))
    .map(toVersionTurn);
  const answers = [...versions, ...unknown].filter(({ hasAnswer }) => hasAnswer).toSorted(bySequence);
  const answersTo = (message: Id<'message'> | undefined): Id<'message'>[] =>
    answers.filter(({ userMessageId }) => userMessageId === message).map(({ answerId }) => answerId);
  const siblingsOf = (
    parent: number | undefined,
    id: Id<'message'>,
    role: PlacedMessage['role'],
  ): Id<'message'>[] => {
    if (role === 'assistant') return answersTo(messageOfAnswer.get(id));
    return versions
      .filter((version) => !version.isRetry && !version.isRemoved && version.parent === parent)
      .map(({ userMessageId }) => userMessageId);
  };
  return { siblingsOf, answersTo };
}

function toVersionTurn({ sequence, answerId, messages, ...turn }: ListedTurn): VersionTurn {
  const hasAnswer = messages.some(({ id: message }) => message === answerId);
  const userMessageId = userMessageOf({ messages, ...turn }) ?? answerId;
  return { sequence, answerId, userMessageId, isRetry: turn.retryOf !== undefined, hasAnswer };
}

function userMessageOf({ messages, retryOf }: Pick<ListedTurn, 'messages' | 'retryOf'>) {
  return messages.find(({ role }) => role === 'user')?.id ?? retryOf?.userMessageId;
}

function bySequence(one: VersionTurn, other: VersionTurn): number {
  return one.sequence - other.sequence;
}

/** A turn and the retries behind it form a group: they answer one message. Oldest first. */
async function* grouped(found: AsyncIterable<ListedTurn>, direction: 1 | -1): AsyncGenerator<ListedTurn[]> {
  let group: ListedTurn[] = [];
  for await (const turn of found) {
    const isFirst = !turn.retryOf;
    if (direction === 1 && isFirst && group.length > 0) {
      yield group;
      group = [];
    }
    group = direction === 1 ? [...group, turn] : [turn, ...group];
    if (direction === -1 && isFirst) {
      yield group;
      group = [];
    }
  }
  if (group.length > 0) yield group;
}

interface PageOrder {
  readonly direction: 1 | -1;
  /** The number of turns. */
  readonly size: number;
}

/**
 * The listed messages of a group, which is a message and the turns that answered it, oldest first: the message with the
 * status of its newest turn, and the answer of that turn if it ended with text. Nothing of a message that was removed. A removal
 * that a crash has cut off may have marked a message that was answered meanwhile: it is shown.
 */
function messagesOf(group: readonly ListedTurn[]): PlacedMessage[] {
  const newest = group.at(-1);
  if (!newest || (group[0]?.removedAt && newest.status === 'failed')) return [];
  const isAnswered = newest.messages.some(({ id }) => id === newest.answerId);
  return group.flatMap((turn) =>
    turn.messages
      .filter(({ id, role }) => role === 'user' || (turn === newest && id === turn.answerId))
      .map(({ id, role, content, parts, files, finishReason, createdAt }) => {
        const shown = role === 'user' ? newest : turn;
        return compactAs<PlacedMessage>({
          ...{ id, role, content, tape: parts && toTape(content, parts), files, finishReason, createdAt },
          ...{ status: statusOf(shown), errorCode: fromErrorFields(shown), retryAt: shown.retryAt },
          ...{ answerId: shown.answerId, isAnswered, siblings: undefined, otherAnswers: undefined },
          position: { sequence: turn.sequence, role },
        });
      }),
  );
}

/** A queued turn that is cancelled is shown as stopped: it ends as soon as it would start. */
function statusOf({ status, isCancelled }: ListedTurn): TurnStatus {
  return status === 'queued' && isCancelled ? 'stopped' : status;
}

function isAfter(position: MessagePosition, after: MessagePosition | undefined, direction: 1 | -1): boolean {
  if (!after || position.sequence !== after.sequence) return true;
  return direction * (rank(position) - rank(after)) > 0;
}

function rank({ role }: MessagePosition): number {
  return role === 'user' ? 0 : 1;
}
