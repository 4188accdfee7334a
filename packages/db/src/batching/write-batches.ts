import { ApiError, type Id } from '@parley/contract';
import { toApiError } from '../connection/database-errors.ts';
import type { EndResult } from '../turn/turn-port.ts';
import type { NewTurn, TurnEnd } from '../turn/turn-records.ts';
import { isEnded, type TurnStatus } from '../turn/turn-status.ts';
import { type BatchBounds, type BatchClock, Batcher, type Outcome } from './batcher.ts';

/** The bytes of a turn without its text. */
const TURN_BYTES = 1_024;
/** The maximum UTF-8 bytes of a UTF-16 unit. */
export const BYTES_PER_UNIT = 3;

/** A turn to be inserted. */
interface TurnInsert {
  readonly team: Id<'team'>;
  readonly turn: NewTurn;
}

/** `duplicate`: a unique index already contains one of its values. The server does not say which. */
export type InsertOutcome = 'inserted' | 'duplicate';

/** A turn to be ended under its token. */
export interface Ending {
  readonly team: Id<'team'>;
  readonly id: Id<'turn'>;
  readonly token: string;
  readonly end: TurnEnd;
}

/** A turn as a read found it, after updates that did not match every turn. */
interface FoundTurn {
  readonly id: Id<'turn'>;
  readonly team: Id<'team'>;
  readonly status: TurnStatus;
  readonly token: string | undefined;
  readonly hasSuccessor: boolean;
}

/** The outcome of one command of guarded updates. */
export interface EndedMany {
  /** The number of turns that matched their guard and have ended. */
  readonly ended: number;
  /** Items whose update failed, by index. */
  readonly errors: ReadonlyMap<number, unknown>;
}

/**
 * The commands that write turns. They throw when the outcome of a whole command is unknown: the connection was lost,
 * or the majority did not acknowledge it.
 */
export interface WriteCommands {
  insertOne(insert: TurnInsert, signal: AbortSignal): Promise<InsertOutcome>;
  insertMany(inserts: readonly TurnInsert[], signal: AbortSignal): Promise<readonly Outcome<InsertOutcome>[]>;
  /** Ends a turn, with or without a successor. */
  endOne(ending: Ending, signal: AbortSignal): Promise<EndResult>;
  /** Ends each turn whose token is valid and that has no successor. */
  endMany(endings: readonly Ending[], signal: AbortSignal): Promise<EndedMany>;
  /** Reads the status of turns. */
  findTurns(endings: readonly Ending[], signal: AbortSignal): Promise<readonly FoundTurn[]>;
}

/** Writes that share commands. */
export interface WriteBatches {
  insert(insert: TurnInsert): Promise<InsertOutcome>;
  end(ending: Ending): Promise<EndResult>;
}

/** Inserts and ends turns in batches. Each turn has an outcome of its own. */
export function createWriteBatches(
  commands: WriteCommands,
  bounds: BatchBounds,
  clock: BatchClock,
): WriteBatches {
  const inserts = new Batcher<TurnInsert, InsertOutcome>(
    {
      async send(items, signal) {
        const [only] = items;
        if (only && items.length === 1) return [{ result: await commands.insertOne(only, signal) }];
        return commands.insertMany(items, signal);
      },
      sizeOf: ({ turn }) => sizeOfInsert(turn),
    },
    bounds,
    clock,
  );

  const ends = new Batcher<Ending, EndResult>(
    { send: (endings, signal) => endAll(commands, endings, signal), sizeOf: ({ end }) => sizeOfEnd(end) },
    bounds,
    clock,
  );

  return { insert: (insert) => inserts.add(insert), end: (ending) => ends.add(ending) };
}

/**
 * Ends turns with one command if none has a successor. If some did not match, one read gives the result of each, and
 * those with a successor are ended one by one.
 */
async function endAll(
  commands: WriteCommands,
  endings: readonly Ending[],
  signal: AbortSignal,
): Promise<readonly Outcome<EndResult>[]> {
  const [only] = endings;
  if (only && endings.length === 1) return [{ result: await commands.endOne(only, signal) }];
  const { ended, errors } = await endTogether(commands, endings, signal);
  if (ended === endings.length)
    return endings.map(() => ({ result: { result: 'ended', hasSuccessor: false } }));
  const found = Map.groupBy(await commands.findTurns(endings, signal), ({ id }) => id);
  const endOne = onceForEachTurn((ending) => commands.endOne(ending, signal));
  const judge = async (ending: Ending, index: number): Promise<EndResult> => {
    const verdict = verdictOf(
      ending,
      found.get(ending.id)?.find(({ team }) => team === ending.team),
    );
    if (verdict) return verdict;
    if (errors.has(index)) throw errors.get(index);
    return endOne(ending);
  };
  return Promise.all(
    endings.map(async (ending, index): Promise<Outcome<EndResult>> => {
      try {
        const result = await judge(ending, index);
        // The command ended some of the turns. This one may be among them, and was removed before the read.
        const endUnknown = result.result === 'deleted' && ended !== 0;
        return { result: endUnknown ? { result: 'deleted', endUnknown } : result };
      } catch (error) {
        return { error };
      }
    }),
  );
}

/**
 * Ends a turn that is in a batch twice, because its end is tried again, with one command. With two commands at a
 * time, one could find that the turn was removed without knowing that the other had ended it.
 */
function onceForEachTurn(endOne: (ending: Ending) => Promise<EndResult>) {
  const results = new Map<string, Promise<EndResult>>();
  return (ending: Ending): Promise<EndResult> => {
    const { team, id, token } = ending;
    const name = `${team} ${id} ${token}`;
    const result = results.get(name) ?? endOne(ending);
    results.set(name, result);
    return result;
  };
}

/** `ended` is undefined when the command failed after it had ended an unknown number of turns. */
async function endTogether(
  commands: WriteCommands,
  endings: readonly Ending[],
  signal: AbortSignal,
): Promise<{ readonly ended: number | undefined; readonly errors: EndedMany['errors'] }> {
  try {
    return await commands.endMany(endings, signal);
  } catch (error) {
    if (signal.aborted || toApiError(error) instanceof ApiError) throw error;
    // The error does not name the turn that cannot be written, so each is ended alone.
    return { ended: undefined, errors: new Map() };
  }
}

/** Undefined: the token was valid when the turn was read, and the turn had not ended. */
function verdictOf({ token }: Ending, turn: FoundTurn | undefined): EndResult | undefined {
  if (!turn) return { result: 'deleted' };
  if (turn.token !== token) return { result: 'lost' };
  // An earlier attempt whose acknowledgement was lost may have ended it.
  if (isEnded(turn.status)) return { result: 'ended', hasSuccessor: turn.hasSuccessor };
  return turn.status === 'generating' ? undefined : { result: 'lost' };
}

function sizeOfInsert({ question }: NewTurn): number {
  const text = 'userMessage' in question ? question.userMessage.content.length : 0;
  return TURN_BYTES + BYTES_PER_UNIT * text;
}

function sizeOfEnd({ answer, written }: TurnEnd): number {
  return TURN_BYTES + BYTES_PER_UNIT * (answer?.content.length ?? written?.text.length ?? 0);
}
