import { limits } from '@parley/contract';
import type { PageOf } from '@parley/db';
import type { Caller } from '../caller.ts';
import type { RequestContext, Services } from '../context.ts';
import { jsonBytesMax } from './json-bytes-max.ts';
import { listRequesterOf } from './list-requester.ts';
import { markBuilt } from './output-with-list.ts';
import { TimeSlices } from './time-slices.ts';

/** The number of items of the first page, enough for nearly every list. Later pages are sized to fit `PAGE_BYTES`. */
const FIRST_PAGE_ITEMS = 100;
const PAGE_ITEMS_MAX = 500;
const PAGE_BYTES = 256 * 1024;
/** The number of bytes above which an answer is large: it is sent in pieces, and reading more needs a place. */
const SMALL_ANSWER_BYTES = 1024 * 1024;

/** A list in the database, and the form of its items in the answer. */
export interface LargeList<Stored, Item, Position> {
  /** Reads at most `limit` items after `after`. */
  readonly read: (limit: number, after: Position | undefined) => Promise<PageOf<Stored, Position>>;
  readonly limit: number;
  readonly after: Position | undefined;
  /** Builds an item of the answer. Its type is all that checks the item: a check of each would cost more than to read it. */
  readonly toItem: (stored: Stored) => Item;
  /**
   * Returns the position of an item, for lists with cursors: such a list ends when its answer has
   * `limits.largeAnswerBytesMax`. A list without it is always complete.
   */
  readonly positionOf?: (stored: Stored) => Position;
}

/** The parts of the context that reading a large list needs. */
export interface LargeListContext {
  readonly request: Pick<RequestContext, 'disconnect' | 'claimLargeList' | 'onLargeList' | 'client'>;
  readonly services: Pick<Services, 'largeLists'>;
  readonly caller: Caller;
}

/**
 * Reads a list page by page, and serializes the items of a large one in slices, so that the event loop is not blocked.
 * A large list waits for one of few places.
 *
 * @throws ApiError `overloaded` if too many lists wait, or this request has already read a large list;
 *   `too_many_lists` if the caller already uses its share of the places
 */
export async function readLargeList<Stored, Item, Position>(
  context: LargeListContext,
  list: LargeList<Stored, Item, Position>,
): Promise<PageOf<Item, Position>> {
  const reading = new Reading(list);
  await reading.readUntil(SMALL_ANSWER_BYTES);
  if (reading.bytes >= SMALL_ANSWER_BYTES) context.request.claimLargeList();
  if (!reading.isComplete) {
    const { request, services } = context;
    const signal = request.disconnect();
    const requester = listRequesterOf(context.caller, request.client());
    const readRest = () => reading.readUntil(Number.POSITIVE_INFINITY, signal);
    await services.largeLists.run(requester, readRest, signal);
  }
  const { items, texts, next } = reading;
  if (reading.bytes >= SMALL_ANSWER_BYTES) context.request.onLargeList?.(items, texts);
  markBuilt(items);
  return { items, ...(next !== undefined && { next }) };
}

/** The part of a list that was read. */
class Reading<Stored, Item, Position> {
  readonly items: Item[] = [];
  /** Each item as JSON, once the list may be large. */
  readonly texts: string[] = [];
  next: Position | undefined;
  /** The bytes of the items as JSON. It is an upper bound until the list may be large. */
  bytes = 0;
  isComplete = false;
  #isSerialized = false;
  #last: Stored | undefined;
  readonly #list: LargeList<Stored, Item, Position>;
  readonly #slices = new TimeSlices();

  constructor(list: LargeList<Stored, Item, Position>) {
    this.#list = list;
    this.next = list.after;
  }

  /** Reads more pages until the list is complete or has this many bytes. */
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
      if (this.#slices.isDue) await this.#slices.yield();
    }
    this.isComplete = this.next === undefined || this.items.length >= limit;
  }

  /** Adds an item, unless the answer would become too large: then the list ends before it. */
  #add(stored: Stored): boolean {
    const { toItem, positionOf } = this.#list;
    const item = toItem(stored);
    if (!this.#isSerialized) {
      const bytesMax = this.bytes + jsonBytesMax(item);
      if (bytesMax < SMALL_ANSWER_BYTES) return this.#push(stored, item, bytesMax);
      this.#serialize();
    }
    const text = JSON.stringify(item);
    const bytes = this.bytes + bytesOf(text);
    if (positionOf && this.#last !== undefined && bytes > limits.largeAnswerBytesMax) {
      this.next = positionOf(this.#last);
      this.isComplete = true;
      return false;
    }
    this.texts.push(text);
    return this.#push(stored, item, bytes);
  }

  #push(stored: Stored, item: Item, bytes: number): true {
    this.items.push(item);
    this.bytes = bytes;
    this.#last = stored;
    return true;
  }

  /** Serializes the items so far. A list that is small for certain is not: the host serializes the whole answer. */
  #serialize(): void {
    this.#isSerialized = true;
    this.bytes = 0;
    for (const item of this.items) {
      const text = JSON.stringify(item);
      this.texts.push(text);
      this.bytes += bytesOf(text);
    }
  }

  #pageItems(): number {
    if (this.items.length === 0) return FIRST_PAGE_ITEMS;
    if (!this.#isSerialized) this.#serialize();
    const fitting = Math.floor((PAGE_BYTES * this.items.length) / this.bytes);
    return Math.min(Math.max(fitting, 1), PAGE_ITEMS_MAX);
  }
}

/** Counts the text of an item with the comma after it. */
function bytesOf(text: string): number {
  return Buffer.byteLength(text) + 1;
}
