import type { Id, TapePlace } from '@parley/contract';
import type { Account, AgentRecord, ChatRecord, Scope, TurnRecord, UsageRecord } from '@parley/db';

/** Documents are replaced and never changed, so a reader keeps the document that it read. */
export interface TurnDocument {
  readonly record: TurnRecord;
  readonly hasSuccessor: boolean;
  readonly usage: readonly UsageRecord[];
  /** The newest wait that the model's server asked for. */
  readonly wait?: { readonly attempt: number; readonly until: Date };
  readonly account?: Account;
  /** The turn has ended, and its usage is not in the sums yet. */
  readonly isUncounted: boolean;
}

/** The usage of one counted turn. The real store adds it to a sum. */
export interface UsageDocument {
  readonly team: Scope['team'];
  readonly turn: Id<'turn'>;
  readonly key: Id<'key'> | undefined;
  readonly account: Account;
  readonly usage: readonly UsageRecord[];
}

/** The deletion marker of a chat, under the chat's id. It takes a sequence number of the chat. */
export interface MarkerDocument {
  readonly sequence: number;
  /** Present only while the chat may not be marked deleted yet. */
  readonly pendingFor: Scope['team'] | undefined;
  readonly isPurged: boolean;
}

/** The placeholder of a removed turn. For a while it takes the turn's id and sequence number. */
interface PlaceholderDocument {
  readonly chat: Id<'chat'>;
  readonly sequence: number;
}

interface BudgetDocument {
  readonly spent: number;
}

export interface ChatDocument {
  /** Undefined on a tombstone. */
  readonly record: ChatRecord | undefined;
  readonly agentType: string;
  /** Whether the chat is deleted and its turns may not be removed yet. */
  readonly isMarked: boolean;
  readonly idempotency?: { readonly key: string; readonly body: string };
  /** The sequences of the newest turn that was accepted and of the newest that has ended, as they were noted. */
  readonly uses?: { readonly accepted: number; readonly ended: number };
}

export interface PieceDocument {
  readonly team: Scope['team'];
  readonly turn: Id<'turn'>;
  readonly attempt: number;
  readonly to: number;
  readonly text: string;
  readonly place?: TapePlace;
}

interface AgentDocument {
  readonly record: AgentRecord;
  readonly team: Scope['team'];
}

export interface Documents {
  agents: AgentDocument;
  chats: ChatDocument;
  turns: TurnDocument;
  markers: MarkerDocument;
  placeholders: PlaceholderDocument;
  turnLog: PieceDocument;
  usage: UsageDocument;
  budgets: BudgetDocument;
}

type Name = keyof Documents;

/** The state that a read returns. */
export type View = { readonly [Kind in Name]: ReadonlyMap<string, Documents[Kind]> };

type Collections = { [Kind in Name]: Map<string, Documents[Kind]> };

interface Change {
  readonly name: Name;
  readonly id: string;
  readonly before: Documents[Name] | undefined;
  readonly after: Documents[Name] | undefined;
  /** The transaction of the change, if any. */
  readonly transaction: number | undefined;
}

type Observer = (
  name: Name,
  id: string,
  before: Documents[Name] | undefined,
  after: Documents[Name] | undefined,
) => void;

interface Waiter {
  readonly upTo: number;
  readonly onCommitted: () => void;
  readonly onLost: () => void;
}

/**
 * A replica set like MongoDB's with majority reads and writes. Writes change the primary's newest state one document
 * after the other and are checked against its unique indexes. A write, even without effect, is acknowledged when a
 * majority has it and all earlier writes. Reads return the state of a majority. A new primary has all writes of the
 * majority and some of the later writes, without gaps.
 */
export class SimulatedDatabase {
  /** The primary's newest state. */
  readonly #newest: Collections = emptyCollections();
  /** The state that a majority has. */
  readonly #committed: Collections = emptyCollections();
  readonly #changes: Change[] = [];
  readonly #onCommit: Observer[] = [];
  #committedTo = 0;
  #isHeld = false;
  #transactions = 0;
  #transaction: number | undefined;
  #waiters: Waiter[] = [];
  /** Writes that were sent and have not taken effect. */
  underWay = 0;

  get committed(): View {
    return this.#committed;
  }

  get newest(): View {
    return this.#newest;
  }

  /** Whether no majority acknowledges anything now. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** The number of changes so far, without lost ones. A majority that has this number of changes has all of them. */
  get position(): number {
    return this.#changes.length;
  }

  /** Whether no command can change the state that reads return. */
  get isStill(): boolean {
    return this.underWay === 0 && this.#committedTo === this.#changes.length;
  }

  /** Calls `onCommit` for every later change that a majority has. */
  observe(onCommit: Observer): void {
    this.#onCommit.push(onCommit);
  }

  put<Kind extends Name>(name: Kind, id: string, document: Documents[Kind]): void {
    this.#change(name, id, document);
  }

  delete(name: Name, id: string): void {
    if (this.#newest[name].has(id)) this.#change(name, id, undefined);
  }

  /** Makes all changes of a function atomic: a new primary has all of them or none. */
  inTransaction<Result>(change: () => Result): Result {
    this.#transaction = ++this.#transactions;
    try {
      return change();
    } finally {
      this.#transaction = undefined;
    }
  }

  /** Waits until a majority has all changes up to a position. */
  whenCommitted(upTo: number, onCommitted: () => void, onLost: () => void): void {
    if (upTo <= this.#committedTo) onCommitted();
    else this.#waiters.push({ upTo, onCommitted, onLost });
  }

  /** Makes a majority have all changes up to a position, unless acknowledgements are stopped. */
  commit(upTo: number): void {
    if (this.#isHeld) return;
    const end = Math.min(upTo, this.#changes.length);
    while (this.#committedTo < end) {
      const change = this.#changes[this.#committedTo++];
      if (change) this.#apply(change);
    }
    const reached = this.#waiters.filter((waiter) => waiter.upTo <= this.#committedTo);
    this.#waiters = this.#waiters.filter((waiter) => waiter.upTo > this.#committedTo);
    for (const { onCommitted } of reached) onCommitted();
  }

  /** Stops all acknowledgements. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Ends `hold`: a majority has all changes and acknowledges them. */
  resume(): void {
    this.#isHeld = false;
    this.commit(this.#changes.length);
  }

  /**
   * Elects another primary. It keeps `kept` of the changes that no majority has, and the others are rolled back. Calls
   * that wait for an acknowledgement get none.
   */
  failOver(kept: number): void {
    const end = this.#wholeTo(Math.min(this.#committedTo + kept, this.#changes.length));
    for (const { name, id, before } of this.#changes.splice(end).reverse())
      set(this.#newest, name, id, before);
    const lost = this.#waiters;
    this.#waiters = [];
    for (const { onLost } of lost) onLost();
    this.resume();
  }

  /** The last position up to this one that is not within a transaction. */
  #wholeTo(position: number): number {
    let end = position;
    const transaction = this.#changes[end]?.transaction;
    while (transaction !== undefined && this.#changes[end - 1]?.transaction === transaction) end--;
    return end;
  }

  /** A copy of the current state of a majority, for a process that reads stale data. */
  freeze(): View {
    const { agents, chats, turns, markers, placeholders, turnLog, usage, budgets } = this.#committed;
    return {
      agents: new Map(agents),
      chats: new Map(chats),
      turns: new Map(turns),
      markers: new Map(markers),
      placeholders: new Map(placeholders),
      turnLog: new Map(turnLog),
      usage: new Map(usage),
      budgets: new Map(budgets),
    };
  }

  #change(name: Name, id: string, after: Documents[Name] | undefined): void {
    const before = this.#newest[name].get(id);
    this.#changes.push({ name, id, before, after, transaction: this.#transaction });
    set(this.#newest, name, id, after);
  }

  #apply({ name, id, before, after }: Change): void {
    set(this.#committed, name, id, after);
    for (const notify of this.#onCommit) notify(name, id, before, after);
  }
}

function set(collections: Collections, name: Name, id: string, document: Documents[Name] | undefined): void {
  // The document came from the collection of this name.
  const collection = collections[name] as Map<string, Documents[Name]>;
  if (document === undefined) collection.delete(id);
  else collection.set(id, document);
}

function emptyCollections(): Collections {
  return {
    agents: new Map(),
    chats: new Map(),
    turns: new Map(),
    markers: new Map(),
    placeholders: new Map(),
    turnLog: new Map(),
    usage: new Map(),
    budgets: new Map(),
  };
}
