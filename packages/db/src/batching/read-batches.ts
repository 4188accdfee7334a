import {
  type Id,
  isOnPath,
  lastOf,
  lastRanges,
  type Path,
  type PathRange,
  pathBefore,
  straightPath,
} from '@parley/contract';
import { accessTo, type ChatAccess } from '../chat/chat-access.ts';
import type { ChatRecord } from '../chat/chat-records.ts';
import type { Scope } from '../scope.ts';
import { bytesOfGiven, type HistoryTurn, historyOf } from '../turn/turn-history.ts';
import type { RunContext, TurnRecord } from '../turn/turn-records.ts';
import { isEnded } from '../turn/turn-status.ts';
import { type BatchBounds, type BatchClock, Batcher } from './batcher.ts';
import { isWithinRange, type PageRange } from './turn-pages.ts';

/** The turns of the history that one query reads while their size is unknown. */
const HISTORY_PAGE = 30;
const HISTORY_PAGE_MAX = 128;
/** The size of a chat has a small maximum. */
const CHAT_BYTES = 4_096;

/** A chat that a caller reads. */
interface ChatQuery {
  readonly scope: Scope;
  readonly id: Id<'chat'>;
}

/** A range of turns to read. */
interface TurnRange extends PageRange {
  /** The expected maximum of bytes of text. */
  readonly bytes: number;
}

/** The fields of an earlier turn that a run reads. */
export type TurnInRange = HistoryTurn &
  Pick<TurnRecord, 'team' | 'chat' | 'sequence' | 'status' | 'textBytes'>;

/** The commands that read for several callers at once. Each may return more than requested, in any order. */
export interface ReadCommands {
  findChats(asked: readonly ChatQuery[], signal: AbortSignal): Promise<readonly ChatRecord[]>;
  findTurns(ranges: readonly TurnRange[], signal: AbortSignal): Promise<readonly TurnInRange[]>;
}

/** Reads that share commands. */
export interface ReadBatches {
  /** The chat, if the scope may access it. */
  findChat(scope: Scope, id: Id<'chat'>): Promise<ChatAccess | undefined>;
  /** Serves `TurnStore.readRunContext`. */
  readRunContext(
    scope: Scope,
    chat: Id<'chat'>,
    sequence: number,
    historyBytesMax: number,
    chatBytes: number | undefined,
    path: Path | undefined,
  ): Promise<RunContext>;
}

/**
 * Reads chats and histories in batches. The reply of a command is split by the whole filter of each item (team, user,
 * agents, range), never by its key alone: if two teams request one chat, each gets what it may see.
 */
export function createReadBatches(
  commands: ReadCommands,
  bounds: BatchBounds,
  clock: BatchClock,
): ReadBatches {
  const chats = new Batcher<ChatQuery, ChatAccess | undefined>(
    {
      async send(asked, signal) {
        const found = Map.groupBy(await commands.findChats(asked, signal), ({ id }) => id);
        return asked.map(({ scope, id }) => ({
          result: (found.get(id) ?? [])
            .map((chat) => accessTo(scope, chat))
            .find((access) => access !== undefined),
        }));
      },
      sizeOf: () => CHAT_BYTES,
    },
    bounds,
    clock,
  );

  const histories = new Batcher<TurnRange, TurnInRange[]>(
    {
      async send(ranges, signal) {
        const found = Map.groupBy(await commands.findTurns(ranges, signal), ({ chat }) => chat);
        return ranges.map((range) => ({
          result: (found.get(range.chat) ?? [])
            .filter((turn) => isWithinRange(turn, range))
            .sort((one, other) => other.sequence - one.sequence),
        }));
      },
      sizeOf: ({ bytes }) => bytes,
    },
    bounds,
    clock,
  );

  /** The last turns of a path up to `to`, at most `count`, newest first. */
  async function readLast(
    owner: Pick<TurnRange, 'team' | 'chat'>,
    ranges: readonly PathRange[],
    bytes: number,
  ): Promise<TurnInRange[]> {
    const pages = ranges.map(({ first, last }) =>
      histories.add({ ...owner, from: first, before: last + 1, bytes }),
    );
    return (await Promise.all(pages)).flat();
  }

  /** The turns of a path, newest first: always the last one, then as many as fit the bytes. */
  async function readPath(
    owner: Pick<TurnRange, 'team' | 'chat'>,
    path: Path,
    bytesMax: number,
    chatBytes: number | undefined,
  ): Promise<TurnInRange[]> {
    const found: TurnInRange[] = [];
    let bytes = 0;
    let size = chatBytes === undefined ? HISTORY_PAGE : pageOf(bytesMax, chatBytes / lastOf(path));
    // The history is read in pages, because the number of turns that fit the bytes is known only after some were
    // read.
    for (let to = lastOf(path); to > 0; ) {
      const ranges = lastRanges(path, to, size);
      const expected = Math.min(bytesMax, chatBytes ?? bytesMax);
      const page = await readLast(owner, ranges, expected);
      // A path has no gaps, so an empty page means that the turns were purged with their chat.
      if (page.length === 0) return found;
      for (const turn of page) {
        found.push(turn);
        for (const message of turn.messages) bytes += bytesOfGiven(message);
        if (bytes > bytesMax) return found;
      }
      to = (ranges.at(-1)?.first ?? 1) - 1;
      size = pageOf(bytesMax - bytes, bytes / found.length);
    }
    return found;
  }

  /** The turn directly before `sequence`, which may be on another path. */
  async function readPredecessor(owner: Pick<TurnRange, 'team' | 'chat'>, sequence: number) {
    const [found] = await readLast(owner, [{ first: sequence - 1, last: sequence - 1 }], CHAT_BYTES);
    return found;
  }

  return {
    findChat: (scope, id) => chats.add({ scope, id }),

    async readRunContext({ team }, id, sequence, historyBytesMax, chatBytes, path) {
      const owner = { team, chat: id };
      const isBehind = path === undefined || isOnPath(path, sequence - 1);
      const [chat, before, elsewhere] = await Promise.all([
        chats.add({ scope: { team }, id }),
        readPath(owner, pathBefore(path ?? straightPath(sequence), sequence), historyBytesMax, chatBytes),
        isBehind ? undefined : readPredecessor(owner, sequence),
      ]);
      const predecessor = isBehind ? before[0] : elsewhere;
      return {
        chat,
        predecessorEnded: predecessor === undefined || isEnded(predecessor.status),
        textBytesBefore: predecessor?.textBytes ?? 0,
        history: historyOf(before),
      };
    },
  };
}

/** The number of turns of this size that fit the bytes, and a few more. */
function pageOf(bytes: number, bytesPerTurn: number): number {
  return Math.min(Math.ceil((bytes / Math.max(bytesPerTurn, 1)) * 1.1) + 2, HISTORY_PAGE_MAX);
}
