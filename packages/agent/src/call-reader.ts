import type { ToolCall } from '@parley/contract';
import { BrokenCall } from './broken-call.ts';

/** A piece of a call; every part may be missing or of another type. */
export type WireCall = {
  readonly index?: unknown;
  readonly id?: unknown;
  readonly function?: { readonly name?: unknown; readonly arguments?: unknown } | null;
} | null;

/** More is no answer of a model, and would fill the memory. */
const CALLS_MAX = 64;
const LENGTH_MAX = 1024 * 1024;

interface GrowingCall {
  readonly index: unknown;
  id: string;
  name: string;
  arguments: string;
}

/**
 * Puts calls of tools together from their pieces. Servers differ: most number the calls and give the id and the
 * name once; some give each call whole, all under one number, or without a number or an id.
 */
export class CallReader {
  readonly #calls: GrowingCall[] = [];
  #length = 0;

  get hasBegun(): boolean {
    return this.#calls.length > 0;
  }

  /** The calls that have a name. */
  all(): ToolCall[] {
    return this.#calls
      .filter(({ name }) => name !== '')
      .map(({ id, name, arguments: written }) => ({ id, name, arguments: written }));
  }

  /** @throws BrokenCall when there is no end of it */
  take(piece: WireCall): void {
    if (typeof piece !== 'object' || piece === null) return;
    const call = this.#callOf(piece);
    const { name, arguments: more } = piece.function ?? {};
    if (call.id === '') call.id = textOf(piece.id);
    if (call.name === '') call.name = textOf(name).toWellFormed();
    const written = typeof more === 'object' && more !== null ? JSON.stringify(more) : textOf(more);
    call.arguments += written;
    this.#length += written.length;
    if (this.#calls.length > CALLS_MAX || this.#length > LENGTH_MAX) {
      throw new BrokenCall('the model calls tools without end');
    }
  }

  #callOf({ index, id, function: called }: NonNullable<WireCall>): GrowingCall {
    const isNumbered = typeof index === 'number';
    const last = this.#calls.at(-1);
    const known = isNumbered ? this.#calls.findLast((call) => call.index === index) : last;
    const isOther = textOf(id) !== '' && known?.id !== '' && known?.id !== id;
    const isNext = !isNumbered && textOf(id) === '' && textOf(called?.name) !== '';
    if (known && !isOther && !isNext) return known;
    const call = { index, id: '', name: '', arguments: '' };
    this.#calls.push(call);
    return call;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
