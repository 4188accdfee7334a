import { limits } from '@parley/contract';
import type { PageOf } from '@parley/db';
import type { z } from 'zod';
import type { Context, Services } from '../context.ts';
import { markChecked } from './output-with-list.ts';
import { TimeSlices } from './time-slices.ts';

/** The first page's items: nearly every list ends there. Later pages have as many as fit `PAGE_BYTES`, by what was read. */
const FIRST_PAGE_ITEMS = 100;
const PAGE_ITEMS_MAX = 500;
const PAGE_BYTES = 256 * 1024;
/** An answer of more bytes is large: it is sent in pieces, and needs a place to be read on. */
const SMALL_ANSWER_BYTES = 1024 * 1024;

/** A list in the database, and the form of its items in the answer. */
export interface LargeList<Stored, Item, Position> {
  /** Reads at most `limit` items that come after `after`. */
  readonly read: (limit: number, after: Position | undefined) => Promise<PageOf<Stored, Position>>;
  readonly limit: number;
  readonly after: Position | undefined;
  readonly toItem: (stored: Stored) => Item;
  readonly schema: z.ZodType<Item>;
  /**
   * An item's position, where a cursor can lead on: the list then ends when its answer has
   * `limits.largeAnswerBytesMax`. Without it the list is always complete.
   */
  readonly positionOf?: (stored: Stored) => Position;
}

/** The parts of the context that reading a large list needs. */
export type LargeListContext = Pick<Context, 'disconnect' | 'claimLargeList' | 'onLargeList'> &
  Pick<Services, 'largeLists'>;

/**
 * Reads a list page by page, and checks and serialises its items in slices between which the event loop does other
 * work. A large one waits for one of few places.
 *
 * @throws ApiError `overloaded` when too many wait for a place, or this request has read a large list already
 */
export async function readLargeList<Stored, Item, Position>(
  context: LargeListContext,
  list: LargeList<Stored, Item, Position>,
): Promise<PageOf<Item, Position>> {
  const reading = new Reading(list);
  await reading.readUntil(SMALL_ANSWER_BYTES);
  if (reading.bytes >= SMALL_ANSWER_BYTES) context.claimLargeList();
  if (!reading.isComplete) {
    const signal = context.disconnect();
    await context.largeLists.run(() => reading.readUntil(Number.POSITIVE_INFINITY, signal), signal);
  }
  const { items, texts, next } = reading;
  if (reading.bytes >= SMALL_ANSWER_BYTES) context.onLargeList?.(items, texts);
  markChecked(items);
  return { items, ...(next !== undefined && { next }) };
}

/** A list, as far as it was read. */
class Reading<Stored, Item, Position> {
  readonly items: Item[] = [];
  /** Each item as JSON. */
  readonly texts: string[] = [];
  next: Position | undefined;
  /** Of the items as JSON. */
  bytes = 0;
  isComplete = false;
  #last: Stored | undefined;
  readonly #list: LargeList<Stored, Item, Position>;
  readonly #slices = new TimeSlices();

  constructor(list: LargeList<Stored, Item, Position>) {
    this.#list = list;
    this.next = list.after;
  }

  /** Reads on until the list is complete or has this many bytes. */
  async readUntil(bytes: number, signal?: AbortSignal): Promise<void> {
    while (!this.isComplete && this.bytes < bytes) {
      signal?.throwIfAborted();
      await this.#readPage();
    }
  }

  async #readPage(): Promise<void> {
    const { read, limit } = this.#list;
    const page = await read(Math.min(this.#pageItems(), limit - this.items.length), this.next);
    this.#slices.startSlice();
    this.next = page.next;
    for (const stored of page.items) {
      if (!this.#add(stored)) return;
      await this.#slices.yieldIfDue();
    }
    this.isComplete = this.next === undefined || this.items.length >= limit;
  }

  /** Adds an item, unless the answer would become too large: then the list ends before it. */
  #add(stored: Stored): boolean {
    const { toItem, schema, positionOf } = this.#list;
    const item = schema.parse(toItem(stored));
    const text = JSON.stringify(item);
    const bytes = this.bytes + Buffer.byteLength(text) + 1;
    if (positionOf && this.#last !== undefined && bytes > limits.largeAnswerBytesMax) {
      this.next = positionOf(this.#last);
      this.isComplete = true;
      return false;
    }
    this.items.push(item);
    this.texts.push(text);
    this.bytes = bytes;
    this.#last = stored;
    return true;
  }

  #pageItems(): number {
    if (this.items.length === 0) return FIRST_PAGE_ITEMS;
    const fitting = Math.floor((PAGE_BYTES * this.items.length) / this.bytes);
    return Math.min(Math.max(fitting, 1), PAGE_ITEMS_MAX);
  }
}
