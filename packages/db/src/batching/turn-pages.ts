import type { Id } from '@parley/contract';
import type { ListedTurn } from '../message/listed-turn.ts';
import { type BatchBounds, type BatchClock, Batcher } from './batcher.ts';

/** The bytes of text that a page of turns is expected to have. Few chats have more. */
const PAGE_BYTES = 64 * 1_024;

/** The turns of a chat from one sequence to before another. */
export interface PageRange {
  readonly team: Id<'team'>;
  readonly chat: Id<'chat'>;
  readonly from: number;
  readonly before: number;
}

/** A turn as a list of messages reads it, with its chat. */
export type PagedTurn = ListedTurn & { readonly team: Id<'team'>; readonly chat: Id<'chat'> };

/** The command that reads pages of turns. It may return more than requested, in any order. */
export interface PageCommands {
  findPages(ranges: readonly PageRange[], signal: AbortSignal): Promise<readonly PagedTurn[]>;
}

/** Pages that share commands. */
export interface TurnPages {
  /** The turns in a range, oldest first. */
  read(range: PageRange): Promise<PagedTurn[]>;
}

/**
 * Reads pages of turns in batches. The reply of a command is split by the team, chat and range of each page, never by
 * the chat alone.
 */
export function createTurnPages(
  { findPages }: PageCommands,
  bounds: BatchBounds,
  clock: BatchClock,
): TurnPages {
  const pages = new Batcher<PageRange, PagedTurn[]>(
    {
      async send(ranges, signal) {
        const found = Map.groupBy(await findPages(ranges, signal), ({ chat }) => chat);
        return ranges.map((range) => ({
          result: (found.get(range.chat) ?? [])
            .filter((turn) => isWithinRange(turn, range))
            .sort((one, other) => one.sequence - other.sequence),
        }));
      },
      sizeOf: () => PAGE_BYTES,
    },
    bounds,
    clock,
  );
  return { read: (range) => pages.add(range) };
}

/** Whether a turn is in a range of its chat, within its team. */
export function isWithinRange(
  { team, chat, sequence }: Pick<PagedTurn, 'team' | 'chat' | 'sequence'>,
  range: PageRange,
): boolean {
  return team === range.team && chat === range.chat && sequence >= range.from && sequence < range.before;
}
