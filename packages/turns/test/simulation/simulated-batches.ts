import type { EndResult, MessageRecord, NewTurn, Scope, TurnEnd, TurnRecord, WrittenText } from '@parley/db';
import {
  type BatchClock,
  createReadBatches,
  createTitleBatches,
  createWriteBatches,
  type InitialTitle,
  type ReadBatches,
  type ReadCommands,
  type TitleBatches,
  type TitleCommands,
  type TurnInRange,
  toStoredParts,
  type WriteBatches,
  type WriteCommands,
} from '@parley/db/testing';
import type { Connection } from './connection.ts';
import { findOne, hasEnded, held } from './find-turns.ts';
import type { SimulatedDatabase, TurnDocument } from './simulated-database.ts';

/** The batches of one process: the real ones over simulated commands. */
export interface Batches {
  readonly reads: ReadBatches;
  readonly writes: WriteBatches;
  readonly titles: TitleBatches;
}

/** The size of a batch: small, so that some items wait for the next batch. */
const COUNT_MAX = 4;
const BYTES_MAX = 10_000;

export function createSimulatedBatches(connection: Connection): Batches {
  const clock: BatchClock = connection.batchClock;
  const { callMaxMs } = connection;
  const bounds = {
    countMax: COUNT_MAX,
    bytesMax: BYTES_MAX,
    deadlineMs: callMaxMs * 0.7,
    closeMs: callMaxMs * 0.05,
    waitMaxMs: callMaxMs,
  };
  const reads = createReadBatches(createReadCommands(connection), bounds, clock);
  const writes = createWriteBatches(createWriteCommands(connection), bounds, clock);
  const titles = createTitleBatches(createTitleCommands(connection), bounds, clock);
  // Like the guard of the real store: a caller gets its result in time, even if a batch hangs.
  const guarded = <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>) => {
    return (...args: Args) => connection.inTime(call(...args));
  };
  return {
    reads: { findChat: guarded(reads.findChat), readRunContext: guarded(reads.readRunContext) },
    writes: { insert: guarded(writes.insert), end: guarded(writes.end) },
    titles: { setTitle: guarded(titles.setTitle) },
  };
}

/** Read commands that return more than requested, so that the batches must select the results of each item. */
function createReadCommands(connection: Connection): ReadCommands {
  return {
    findChats: (queries, signal) =>
      connection.read(
        (view) => queries.map(({ id }) => view.chats.get(id)?.record).filter((chat) => chat !== undefined),
        signal,
      ),

    findTurns: (ranges, signal) =>
      connection.read((view) => {
        const chats = new Set(ranges.map(({ chat }) => chat));
        return [...view.turns.values()]
          .filter(({ record }) => chats.has(record.chat))
          .map(({ record }) => toTurnInRange(record));
      }, signal),
  };
}

function createWriteCommands(connection: Connection): WriteCommands {
  return {
    insertOne: ({ turn, team }, signal) =>
      connection.write((database) => insert(database, toRecord(turn, team)), signal),

    insertMany: (inserts, signal) =>
      connection.writeMany(
        inserts,
        (database, { turn, team }) => ({ result: insert(database, toRecord(turn, team)) }),
        signal,
      ),

    async endOne({ team, id, token, end }, signal): Promise<EndResult> {
      const ended = await connection.write((database) => {
        const found = held(findOne(database.newest, team, id), token);
        if (found) database.put('turns', id, endedBy(found, end));
        return found;
      }, signal);
      if (ended) return { result: 'ended', hasSuccessor: ended.hasSuccessor };
      const now = await connection.read((view) => findOne(view, team, id), signal);
      if (!now) return { result: 'deleted' };
      const isOurs = hasEnded(now.record) && now.record.lease?.token === token;
      return isOurs ? { result: 'ended', hasSuccessor: now.hasSuccessor } : { result: 'lost' };
    },

    async endMany(endings, signal) {
      const matched = await connection.writeMany(
        endings,
        (database, { team, id, token, end }) => {
          const found = held(findOne(database.newest, team, id), token);
          if (!found || found.hasSuccessor) return false;
          database.put('turns', id, endedBy(found, end));
          return true;
        },
        signal,
      );
      return { ended: matched.filter(Boolean).length, errors: new Map() };
    },

    findTurns: (endings, signal) =>
      connection.read(
        (view) =>
          endings
            .map(({ id }) => view.turns.get(id))
            .filter((turn) => turn !== undefined)
            .map(({ record: { id, team, status, lease }, hasSuccessor }) => ({
              ...{ id, team, status, hasSuccessor },
              token: lease?.token,
            })),
        signal,
      ),
  };
}

function createTitleCommands(connection: Connection): TitleCommands {
  return {
    async setTitles(titles, signal) {
      await connection.writeMany(titles, setTitle, signal);
      return titles.map(() => ({ result: undefined }));
    },
  };
}

/** Sets the title of a chat that has none. */
export function setTitle(database: SimulatedDatabase, { team, chat, title }: InitialTitle): void {
  const found = database.newest.chats.get(chat);
  if (found?.record?.team !== team || found.record.title !== undefined) return;
  database.put('chats', chat, { ...found, record: { ...found.record, title } });
}

/** Inserts a turn unless a unique index already has its id, sequence number or idempotency key. */
function insert(database: SimulatedDatabase, record: TurnRecord): 'inserted' | 'duplicate' {
  if (database.newest.markers.get(record.chat)?.sequence === record.sequence) return 'duplicate';
  for (const [id, { chat, sequence }] of database.newest.placeholders) {
    if (id === record.id || (chat === record.chat && sequence === record.sequence)) return 'duplicate';
  }
  for (const { record: other } of database.newest.turns.values()) {
    if (other.id === record.id) return 'duplicate';
    if (other.chat !== record.chat) continue;
    if (other.sequence === record.sequence) return 'duplicate';
    if (record.idempotency && other.idempotency?.key === record.idempotency.key) return 'duplicate';
  }
  database.put('turns', record.id, { record, hasSuccessor: false, usage: [], isUncounted: false });
  return 'inserted';
}

function endedBy(turn: TurnDocument, end: TurnEnd): TurnDocument {
  const { record, wait: _, ...rest } = withoutRunFields(turn);
  return {
    ...rest,
    record: { ...record, ...endFields(turn.record, end) },
    usage: [...turn.usage, ...(end.usage ?? [])],
    ...(end.account && { account: end.account, isUncounted: true }),
  };
}

function toRecord({ question, ...turn }: NewTurn, team: Scope['team']): TurnRecord {
  const status = turn.lease ? 'generating' : 'queued';
  return { ...turn, team, status, takeovers: 0, isCancelled: false, ...question };
}

function toStoredMessage({ tape, ...message }: MessageRecord) {
  return tape === undefined ? message : { ...message, parts: toStoredParts(tape) };
}

function toTurnInRange({
  team,
  chat,
  sequence,
  status,
  textBytes,
  retryOf,
  errorCode,
  userMessage,
  answer,
  isRemoved,
}: TurnRecord): TurnInRange {
  const messages = [userMessage, answer].filter((message) => message !== undefined).map(toStoredMessage);
  return {
    ...{ team, chat, sequence, status, messages },
    ...(textBytes !== undefined && { textBytes }),
    ...(retryOf && { retryOf }),
    ...(errorCode !== undefined && { errorCode }),
    ...(isRemoved && { removedAt: new Date(0) }),
  };
}

function endFields(turn: TurnRecord, end: TurnEnd): Partial<TurnRecord> {
  const { status, answer, written, errorCode, retryAt, textBytes } = end;
  const attempt = written?.attempt ?? turn.lease?.attempt ?? 1;
  return {
    status,
    textBytes,
    ...(answer && { answer, written: writtenOf(answer, attempt) }),
    ...(!answer && written && { written }),
    ...(retryAt && { retryAt }),
    ...(errorCode !== undefined && { errorCode }),
  };
}

function writtenOf({ content: text, tape }: MessageRecord, attempt: number): WrittenText {
  return { attempt, text, ...(tape !== undefined && { tape }) };
}

/** The fields that only an unfinished turn has. */
function withoutRunFields(turn: TurnDocument): TurnDocument {
  const { steps: _, origin, ...record } = turn.record;
  const kept = origin && { origin: { isPrivileged: origin.isPrivileged } };
  return { ...turn, record: { ...record, ...kept } };
}
