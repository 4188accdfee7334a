import { compact, type Id, mintId } from '@parley/contract';
import type {
  AgentRecord,
  ChatRecord,
  ChatStore,
  ChatUse,
  Idempotency,
  NewChat,
  Scope,
  TurnLogStore,
} from '@parley/db';
import { type EngineStores, JoinedBatches } from '@parley/db/testing';
import type { Connection } from './connection.ts';
import { hasEnded, newestFirst } from './find-turns.ts';
import { type Batches, createSimulatedBatches, setTitle } from './simulated-batches.ts';
import type {
  ChatDocument,
  MarkerDocument,
  PieceDocument,
  SimulatedDatabase,
  TurnDocument,
  View,
} from './simulated-database.ts';
import { createSimulatedTurnStore } from './simulated-turn-store.ts';
import { count, createSimulatedBudgets, createSimulatedUsage, isOpen } from './simulated-usage.ts';

/** The stores of the engine over one process's connection. */
export function createSimulatedStores(connection: Connection): EngineStores {
  const batches = createSimulatedBatches(connection);
  return {
    turns: createSimulatedTurnStore(connection, batches),
    turnLog: createTurnLog(connection),
    chats: createChats(connection, batches),
    chatChanges: createChatChanges(connection),
    // Nothing searches in a simulation.
    search: { add: async () => undefined, remove: async () => undefined },
    // No message of a simulation has files.
    files: { claim: rejectFiles, release: rejectFiles },
    agents: createAgents(connection),
    usage: createSimulatedUsage(connection),
    budgets: createSimulatedBudgets(connection),
  };
}

/** Removes the tombstone of a chat, as the deletion of a user does. The marker among its turns stays. */
export function removeTombstone(connection: Connection, chat: Id<'chat'>): Promise<void> {
  return connection.write((database) => {
    if (database.newest.chats.get(chat)?.record) return;
    database.delete('chats', chat);
  });
}

/** No list is followed in a simulation, so an announcement only takes its time. */
function createChatChanges(connection: Connection): EngineStores['chatChanges'] {
  return {
    announce: (ids) =>
      connection.read((view) => [...new Set(ids.flatMap((id) => view.chats.get(id)?.record?.team ?? []))]),
    listAfter: async (asked) => asked.map(() => ({ changes: [], isIncomplete: false })),
    now: async () => new Date(0),
  };
}

function createTurnLog(connection: Connection): TurnLogStore {
  return {
    append: (batches) =>
      connection.write((database) => {
        for (const piece of batches) {
          const key = `${piece.turn} ${piece.attempt} ${piece.to}`;
          if (!database.newest.turnLog.has(key)) database.put('turnLog', key, piece);
        }
      }),

    read: ({ team }, turn, attempt, from) =>
      connection.read((view) => {
        const joined = new JoinedBatches(from);
        for (const piece of piecesOf(view, turn)) {
          if (piece.team !== team || piece.attempt !== attempt || piece.to <= joined.at) continue;
          if (!joined.add(piece)) break;
        }
        return joined.tape;
      }),

    remove: (_, turn) => connection.write((database) => removeLog(database, turn)),
  };
}

function piecesOf(view: View, turn: Id<'turn'>): PieceDocument[] {
  const pieces: PieceDocument[] = [];
  for (const piece of view.turnLog.values()) if (piece.turn === turn) pieces.push(piece);
  return pieces.sort((a, b) => a.to - b.to);
}

function removeLog(database: SimulatedDatabase, turn: Id<'turn'>): void {
  for (const [key, piece] of database.newest.turnLog)
    if (piece.turn === turn) database.delete('turnLog', key);
}

function createChats(connection: Connection, { reads, titles }: Batches): ChatStore {
  const findByIdempotencyKey = (view: View, key: string) =>
    [...view.chats.values()].find(({ idempotency }) => idempotency?.key === key);
  const replayOf = (document: ChatDocument | undefined) =>
    document?.idempotency && { body: document.idempotency.body, chat: document.record };

  const insert = (
    { team }: Scope,
    { agentType, ...chat }: NewChat,
    idempotency?: Idempotency,
  ): Promise<ChatRecord | undefined> => {
    const record = compact({ id: mintId('chat'), team, ...chat, createdAt: new Date() });
    return connection.write((database) => {
      if (idempotency && findByIdempotencyKey(database.newest, idempotency.key)) return undefined;
      const document = { record, agentType, isMarked: false, ...(idempotency && { idempotency }) };
      database.put('chats', record.id, document);
      return record;
    });
  };

  return {
    async create(scope, chat) {
      const record = await insert(scope, chat);
      if (!record) throw new Error('a chat without a key conflicts with none');
      return record;
    },

    async createOnce(scope, chat, idempotency) {
      const record = await insert(scope, chat, idempotency);
      if (record) return record;
      const replay = replayOf(await connection.read((view) => findByIdempotencyKey(view, idempotency.key)));
      if (!replay) throw new Error('the chat of this key is not there yet');
      return { replay };
    },

    findByIdempotencyKey: (_, key) => connection.read((view) => replayOf(findByIdempotencyKey(view, key))),

    find: reads.findChat,

    listReach: (ids) =>
      connection.read((view) =>
        ids
          .map((id) => view.chats.get(id)?.record)
          .filter((chat) => chat !== undefined)
          .map(({ id, team, user, agent, revision, hasVersions }) => ({
            ...{ id, team, agent, ...(user !== undefined && { user }) },
            ...(revision !== undefined && { revision }),
            ...(hasVersions && { hasVersions }),
          })),
      ),

    list: ({ team }, { user, agentType, search }, { limit, after }) =>
      connection.read((view) => {
        if (search !== undefined) throw new Error('nothing is searched for in a simulation');
        const items = [...view.chats.values()]
          .filter((chat) => agentType === undefined || chat.agentType === agentType)
          .map(({ record }) => record)
          .filter((chat) => chat?.team === team && (user === undefined || chat.user === user))
          .filter((chat) => chat !== undefined && (after === undefined || chat.id < after))
          .filter((chat) => chat !== undefined)
          .sort((a, b) => (a.id < b.id ? 1 : -1));
        const last = items[limit - 1];
        const page = items.slice(0, limit);
        return items.length > limit && last ? { items: page, next: last.id } : { items: page };
      }),

    listByIds: (ids) => connection.read((view) => ids.flatMap((id) => view.chats.get(id)?.record ?? [])),

    listByUse: () => {
      throw new Error('nothing lists chats by use in a simulation');
    },

    async noteUses(uses) {
      await connection.write((database) => {
        for (const use of uses) noteUse(database, use);
      });
    },

    /** Every chat whose turns have ended counts as idle. */
    listIdle: ({ team }, agent, _before, { limit, after }) =>
      connection.read((view) => {
        const ids = [...view.chats]
          .filter(([, { record }]) => record?.team === team && record.agent === agent)
          .map(([id]) => id as Id<'chat'>)
          .filter((id) => after === undefined || id > after)
          .sort()
          .slice(0, limit);
        const items = ids.flatMap((id) => {
          const [newest] = newestFirst(view, { team }, id);
          if (view.markers.has(id) || (newest && !hasEnded(newest))) return [];
          return { id, sequence: newest?.sequence ?? 0 };
        });
        const last = ids.at(-1);
        return ids.length === limit && last ? { items, next: last } : { items };
      }),

    update: ({ team }, id, change) =>
      connection.write((database) => {
        const found = database.newest.chats.get(id);
        if (found?.record?.team !== team) return undefined;
        const record = { ...found.record, ...compact(change) };
        database.put('chats', id, { ...found, record });
        return record;
      }),

    async markVersions({ chat: { id, team } }) {
      await changeChat(connection, id, team, ({ revision = 0 }) => ({
        hasVersions: true,
        revision: revision + 1,
      }));
    },

    async choosePath({ chat: { id, team } }, choice) {
      await changeChat(connection, id, team, ({ choice: _, revision = 0 }) => ({
        choice,
        revision: revision + 1,
      }));
    },

    async setInitialTitle({ chat: { id: chat, team } }, text) {
      const title = { team, chat, title: text };
      if (!connection.areTitlesAlone) return titles.setTitle(title);
      await connection.write((database) => setTitle(database, title));
    },

    markDeleted: ({ team }, id) =>
      connection.write((database) => {
        const found = database.newest.chats.get(id);
        if (!found || found.record?.team !== team) return false;
        database.put('chats', id, { ...found, record: undefined, isMarked: true });
        return true;
      }),

    async insertMarker(id) {
      const [isMarked, { place, isThere }] = await Promise.all([
        connection.read((view) => view.chats.get(id)?.isMarked === true),
        connection.read((view) => ({ place: placeBehind(view, id), isThere: view.markers.has(id) })),
      ]);
      if (!isMarked || isThere) return true;
      return insertMarker(connection, id, { sequence: place, pendingFor: undefined, isPurged: false });
    },

    insertMarkerBehind: ({ team }, id, sequence) =>
      insertMarker(connection, id, { sequence: sequence + 1, pendingFor: team, isPurged: false }),

    listUnmarked: (limit, except) =>
      connection.read((view) =>
        [...view.markers]
          .map(([id, { pendingFor }]) => ({ chat: id as Id<'chat'>, team: pendingFor }))
          .flatMap(({ chat, team }) => (team && !except.includes(chat) ? { chat, team } : []))
          .slice(0, limit),
      ),

    listMarked: (limit, except) =>
      connection.read((view) =>
        [...view.chats]
          .filter(([, { isMarked }]) => isMarked)
          .map(([id]) => id as Id<'chat'>)
          .filter((id) => !except.includes(id))
          .slice(0, limit),
      ),

    async purge(id) {
      const turns = await connection.read((view) =>
        [...view.turns.values()].map(({ record }) => record).filter(({ chat }) => chat === id),
      );
      if (turns.length > 0)
        await connection.write((database) => {
          for (const turn of turns) removeLog(database, turn.id);
        });
      for (let isThere = true; isThere; ) {
        await connection.write((database) =>
          database.inTransaction(() => {
            for (const turn of database.newest.turns.values()) {
              if (turn.record.chat !== id || !isOpen(turn)) continue;
              count(database, turn);
              removeTurn(database, turn);
            }
          }),
        );
        await connection.write((database) => {
          for (const turn of database.newest.turns.values())
            if (turn.record.chat === id && !isOpen(turn)) removeTurn(database, turn);
        });
        isThere = await connection.read((view) =>
          [...view.turns.values()].some(({ record }) => record.chat === id),
        );
      }
      await connection.write((database) => {
        const marker = database.newest.markers.get(id);
        if (marker && !marker.isPurged)
          database.put('markers', id, { ...marker, pendingFor: undefined, isPurged: true });
      });
      await connection.write((database) => {
        const found = database.newest.chats.get(id);
        if (found?.isMarked) database.put('chats', id, { ...found, isMarked: false });
      });
    },
  };
}

/** Changes a chat that is not deleted. */
async function changeChat(
  connection: Connection,
  id: Id<'chat'>,
  team: Id<'team'>,
  change: (record: ChatRecord) => { readonly [Field in keyof ChatRecord]?: ChatRecord[Field] | undefined },
): Promise<void> {
  await connection.write((database) => {
    const found = database.newest.chats.get(id);
    if (found?.record?.team !== team) return;
    // A field that is undefined counts as absent.
    const record = { ...found.record, ...change(found.record) } as ChatRecord;
    database.put('chats', id, { ...found, record });
  });
}

/** Notes the newest use of a chat that is not deleted. */
function noteUse(database: SimulatedDatabase, { team, chat, at, accepted = 0, ended = 0 }: ChatUse): void {
  const found = database.newest.chats.get(chat);
  if (found?.record?.team !== team) return;
  const { updatedAt = at } = found.record;
  const uses = {
    accepted: Math.max(found.uses?.accepted ?? 0, accepted),
    ended: Math.max(found.uses?.ended ?? 0, ended),
  };
  const { isAnswering: _, ...rest } = found.record;
  const record: ChatRecord = {
    ...rest,
    updatedAt: updatedAt > at ? updatedAt : at,
    ...(uses.accepted > uses.ended && { isAnswering: true }),
  };
  database.put('chats', chat, { ...found, record, uses });
}

/** Removes a turn. Its placeholder rejects an insert that takes effect late. */
function removeTurn(database: SimulatedDatabase, { record: { id, chat, sequence } }: TurnDocument): void {
  database.delete('turns', id);
  database.put('placeholders', id, { chat, sequence });
}

function placeBehind(view: View, chat: Id<'chat'>): number {
  let newest = view.markers.get(chat)?.sequence ?? 0;
  for (const { record } of view.turns.values())
    if (record.chat === chat) newest = Math.max(newest, record.sequence);
  return newest + 1;
}

/** Returns false if a turn has the sequence number, true if the marker is stored, whichever process inserted it. */
async function insertMarker(
  connection: Connection,
  chat: Id<'chat'>,
  marker: MarkerDocument,
): Promise<boolean> {
  const isInserted = await connection.write((database) => {
    const { markers, turns } = database.newest;
    const isTaken = [...turns.values()].some(
      ({ record }) => record.chat === chat && record.sequence === marker.sequence,
    );
    if (isTaken || markers.has(chat)) return false;
    database.put('markers', chat, marker);
    return true;
  });
  return isInserted || connection.read((view) => view.markers.has(chat));
}

function createAgents(connection: Connection): EngineStores['agents'] {
  return {
    async create({ team }, { name, type }, id = mintId('agent')) {
      const record: AgentRecord = { id, name, type, version: 1 };
      await connection.write((database) => {
        if (!database.newest.agents.has(id)) database.put('agents', id, { record, team });
      });
      const createdAt = new Date();
      return { ...record, createdAt, updatedAt: createdAt };
    },

    find: ({ team }, id) =>
      connection.read((view) => {
        const found = view.agents.get(id);
        return found?.team === team ? found.record : undefined;
      }),

    list: ({ team }, limit) =>
      connection.read((view) =>
        [...view.agents.values()]
          .filter((agent) => agent.team === team)
          .map(({ record }) => record)
          .slice(0, limit),
      ),
  };
}

function rejectFiles(): Promise<never> {
  return Promise.reject(new Error('no message names files in a simulation'));
}
