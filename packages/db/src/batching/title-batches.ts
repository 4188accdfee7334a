import type { Id } from '@parley/contract';
import { type BatchBounds, type BatchClock, Batcher, type Outcome } from './batcher.ts';

/** Bytes of a title with the words by which it is found, or a little more. */
const TITLE_BYTES = 4_096;

/** A title for a chat that has none. */
export interface InitialTitle {
  readonly team: Id<'team'>;
  readonly chat: Id<'chat'>;
  readonly title: string;
}

/** The command that sets initial titles. It throws when the outcome of the whole command is unknown. */
export interface TitleCommands {
  /** Sets the title of each chat that has none, and changes no other chat. Answers one outcome per title. */
  setTitles(titles: readonly InitialTitle[], signal: AbortSignal): Promise<readonly Outcome<void>[]>;
}

/** Titles that travel together. */
export interface TitleBatches {
  setTitle(title: InitialTitle): Promise<void>;
}

/** Sets the titles of new chats in batches. */
export function createTitleBatches(
  { setTitles }: TitleCommands,
  bounds: BatchBounds,
  clock: BatchClock,
): TitleBatches {
  const titles = new Batcher<InitialTitle, void>(
    { send: setTitles, sizeOf: () => TITLE_BYTES },
    bounds,
    clock,
  );
  return { setTitle: (title) => titles.add(title) };
}
