import type { JsonObject, ToolCall } from '@parley/contract';
import { JsonEnd } from './json-end.ts';
import type { ModelTool, ToolCallPiece } from './model/model.ts';
import { NameParts } from './name-parts.ts';

/** No real answer has more calls; the limit protects memory. */
const CALLS_MAX = 64;
const LENGTH_MAX = 1024 * 1024;

/** Replaces arguments whose pieces contradict each other. It is not JSON, so no tool is called with it. */
const UNREADABLE = '(the arguments did not arrive whole)';

/** The model calls tools without end. */
export class TooManyCalls extends Error {}

/** Assembled calls, and whether each of them is whole. */
export interface AssembledCalls {
  readonly calls: readonly ToolCall[];
  readonly areWhole: boolean;
}

/**
 * Assembles tool calls from their pieces: by index, else by id, else by order. Servers differ: ids change or are
 * missing, names are repeated or cut, arguments are sent again as a whole or follow an empty object. If pieces
 * contradict each other, all calls of the step are unreadable and no tool is called, because none of them can be
 * trusted.
 */
export class CallAssembler {
  readonly #tools: ReadonlyMap<string, ModelTool>;
  readonly #calls: GrowingCall[] = [];
  #last: GrowingCall | undefined;
  #length = 0;

  constructor(tools: readonly ModelTool[]) {
    this.#tools = new Map(tools.map((tool) => [tool.name, tool]));
  }

  get hasBegun(): boolean {
    return this.#calls.length > 0;
  }

  /** @throws TooManyCalls */
  take(piece: ToolCallPiece): void {
    const call = this.#callOf(piece);
    this.#last = call;
    call.take(piece);
    this.#length += (piece.arguments?.length ?? 0) + (piece.name?.length ?? 0);
    if (this.#calls.length > CALLS_MAX || this.#length > LENGTH_MAX) throw new TooManyCalls();
  }

  /** The calls that have a name, in the order in which they began. */
  all(): AssembledCalls {
    const named = this.#calls.filter((call) => call.name.isGiven && !this.#isEcho(call));
    const hasStray = this.#calls.some(({ name, isBlank }) => !name.isGiven && !isBlank);
    const areWhole = !hasStray && named.every((call) => this.#isWhole(call, named.length));
    const isTrusted = areWhole || (!hasStray && named.length === 1);
    const calls = named.map((call) => ({
      id: call.id,
      name: call.name.resolve(this.#tools),
      arguments: isTrusted && !call.isBroken ? call.arguments : UNREADABLE,
      ...(call.opaque && { opaque: JSON.stringify(call.opaque) }),
    }));
    return { calls, areWhole };
  }

  /** The piece only repeats the name of the preceding call, without a number, an id or arguments. */
  #isEcho(call: GrowingCall): boolean {
    const before = this.#calls[this.#calls.indexOf(call) - 1];
    const hasKeys = call.indexes.size > 0 || call.ids.size > 0;
    return before !== undefined && !hasKeys && call.isBlank && call.name.isSame(before.name);
  }

  /** Beside other calls, a call without arguments may be a fragment of another call, unless its tool takes none. */
  #isWhole(call: GrowingCall, count: number): boolean {
    if (call.isBroken) return false;
    if (call.isReadable) return true;
    const tool = this.#tools.get(call.name.resolve(this.#tools));
    const takesNone = tool !== undefined && Object.keys(tool.parameters['properties'] ?? {}).length === 0;
    return call.isBlank && (count === 1 || takesNone);
  }

  #callOf(piece: ToolCallPiece): GrowingCall {
    const last = this.#last;
    if (!last) return this.#begin();
    const { index } = piece;
    const byIndex = index === undefined ? undefined : this.#calls.findLast((call) => call.indexes.has(index));
    const byId = piece.id ? this.#calls.findLast((call) => call.ids.has(piece.id ?? '')) : undefined;
    if (byIndex) return isNextWhole(piece, byIndex, byId) ? this.#begin() : byIndex;
    if (byId) return byId;
    if (this.#isNext(piece, last)) return this.#begin();
    // The order does not identify the call while another call is incomplete too.
    if (piece.arguments && this.#calls.some((call) => call !== last && call.isOpen)) last.isAmbiguous = true;
    return last;
  }

  #begin(): GrowingCall {
    const call = new GrowingCall();
    this.#calls.push(call);
    return call;
  }

  /** Whether a piece with an unknown or missing index and id begins a call. Every call begins with a name. */
  #isNext({ index, id, name, arguments: written = '' }: ToolCallPiece, last: GrowingCall): boolean {
    if (!name || !canBegin(written)) return false;
    // Space within a text of an open call.
    if (last.isOpen && written !== '' && written.trim() === '') return false;
    const keys = (index === undefined ? 0 : 1) + (id ? 1 : 0);
    if (keys === 2) return true;
    if (last.isRepeatedBy(written)) return false;
    if (keys === 1) return true;
    const isOther = this.#tools.has(name) && !last.name.is(name) && last.name.resolve(this.#tools) !== name;
    if (last.isClosed && !last.isPlaceholder) return true;
    return isOther && !last.isOpen && this.#tools.has(last.name.resolve(this.#tools));
  }
}

/** Whether a piece is a complete call under the index of another call: some servers give all calls the same number. */
function isNextWhole(
  { id, name, arguments: written = '' }: ToolCallPiece,
  byIndex: GrowingCall,
  byId: GrowingCall | undefined,
): boolean {
  const hasNewId = id !== undefined && id !== '' && byId === undefined && byIndex.id !== '';
  const isFull = byIndex.isClosed && !byIndex.isPlaceholder && !byIndex.isRepeatedBy(written);
  return hasNewId && Boolean(name) && isFull && written.trim() !== '' && canBegin(written);
}

/** Whether arguments can begin with this text: an object, an object in a string, or `null`. */
function canBegin(written: string): boolean {
  return /^\s*(?:$|\{|"(?:$|\{)|null\s*$)/.test(written);
}

class GrowingCall {
  readonly indexes = new Set<number>();
  readonly ids = new Set<string>();
  readonly name = new NameParts();
  id = '';
  opaque: JsonObject | undefined;
  /** Arguments may belong to this call or to another one. */
  isAmbiguous = false;
  #written = '';
  #end = new JsonEnd();
  /** The part of the arguments that was sent again so far. */
  #repeated = '';
  #isConflicting = false;

  take({ index, id, name, arguments: written, opaque }: ToolCallPiece): void {
    if (index !== undefined) this.indexes.add(index);
    if (id) {
      this.ids.add(id);
      if (this.id === '') this.id = id;
    }
    if (name) this.name.add(name);
    if (opaque) this.opaque = { ...this.opaque, ...opaque };
    if (written) this.#append(written);
  }

  /** The arguments are complete, judged by their brackets and quotes. */
  get isClosed(): boolean {
    return this.#end.isReached;
  }

  /** An empty object, which some servers send before the arguments. */
  get isPlaceholder(): boolean {
    return this.isClosed && /^\s*\{\s*\}\s*$/.test(this.#written);
  }

  /** The arguments have begun and are not complete. */
  get isOpen(): boolean {
    return !this.isBlank && !this.isClosed;
  }

  get isBlank(): boolean {
    return this.#written.trim() === '';
  }

  /** Pieces of the arguments contradict each other, or the last of them are missing. */
  get isBroken(): boolean {
    return this.isAmbiguous || this.#isConflicting || this.#repeated !== '' || this.isOpen;
  }

  /** The arguments are an object. Any other JSON may be a fragment of another call. */
  get isReadable(): boolean {
    return isObject(parse(this.arguments));
  }

  /**
   * The arguments as the model wrote them; an object in a string becomes the object, and `null` becomes an empty one.
   */
  get arguments(): string {
    const value = parse(this.#written);
    if (value === null) return '{}';
    return typeof value === 'string' && isObject(parse(value)) ? value : this.#written;
  }

  isRepeatedBy(written: string): boolean {
    return this.isClosed && written.trim() !== '' && this.#written.startsWith(this.#repeated + written);
  }

  #append(written: string): void {
    const isBlank = written.trim() === '';
    if (!this.isClosed) {
      this.#written += written;
      this.#end.push(written);
    } else if (this.isPlaceholder && !isBlank) {
      this.#written = written;
      this.#end = new JsonEnd();
      this.#end.push(written);
    } else if (!isBlank) {
      this.#repeat(written);
    }
  }

  #repeat(written: string): void {
    if (!this.isRepeatedBy(written)) this.#isConflicting = true;
    this.#repeated += written;
    if (this.#repeated === this.#written) this.#repeated = '';
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
