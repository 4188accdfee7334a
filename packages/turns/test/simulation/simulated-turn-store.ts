import { ApiError, pathOf } from '@parley/contract';
import type {
  ChatAccess,
  Lease,
  PolledTurn,
  Scope,
  TurnOrigin,
  TurnRecord,
  TurnStore,
  VersionTurn,
} from '@parley/db';
import type { Connection } from './connection.ts';
import {
  findByIdempotencyKey,
  findOne,
  findPlace,
  hasEnded,
  held,
  newestFirst,
  ofChat,
  queued,
  tailOf,
  unfinished,
  withoutLater,
} from './find-turns.ts';
import type { Batches } from './simulated-batches.ts';
import type { MarkerDocument, TurnDocument, View } from './simulated-database.ts';
import { settle } from './simulated-usage.ts';

/** The number of newest turns that the real store reads for a tail. */
const TAIL_TURNS = 64;

/**
 * The store of turns with the same commands as the real one. Each command takes effect at once, and any event may
 * happen between two of them.
 */
export function createSimulatedTurnStore(connection: Connection, { reads, writes }: Batches): TurnStore {
  /** Sometimes sends a command twice at the same time, normally in one batch. The first outcome counts. */
  const twice = <Result>(send: () => Promise<Result>): Promise<Result> => {
    const first = send();
    if (connection.isRepeated) send().catch(() => undefined);
    return first;
  };

  /** Replaces the one matching turn like a guarded update, and returns the replacement. */
  const update = (
    find: (view: View) => TurnDocument | undefined,
    change: (turn: TurnDocument) => TurnDocument,
  ): Promise<TurnDocument | undefined> =>
    connection.write((database) => {
      const found = find(database.newest);
      if (!found) return undefined;
      const changed = change(found);
      database.put('turns', found.record.id, changed);
      return changed;
    });

  return {
    async tail({ scope, chat: { id: chat } }) {
      const { newest, marker } = await connection.read((view) => ({
        newest: newestFirst(view, scope, chat)[0],
        marker: view.markers.get(chat),
      }));
      if (isMarkedFor(marker, scope.team)) return undefined;
      if (!newest) return { sequence: 0, ended: true, textBytes: 0, unfinished: 0 };
      if (hasEnded(newest)) return tailOf([newest]);
      return tailOf(await connection.read((view) => newestFirst(view, scope, chat).slice(0, TAIL_TURNS)));
    },

    async insert({ chat: { id, team } }, turn) {
      if (turn.chat !== id) throw new Error(`turn ${turn.id} is not of chat ${id}`);
      if ((await twice(() => writes.insert({ team, turn }))) === 'inserted') return 'inserted';
      const own = await connection.read((view) => view.turns.get(turn.id));
      if (own) return 'inserted';
      const key = turn.idempotency?.key;
      if (key === undefined) return 'sequence-taken';
      const earlier = await connection.read((view) => findByIdempotencyKey(view, turn.chat, key));
      return earlier ? 'key-taken' : 'sequence-taken';
    },

    async remove({ team }, id) {
      const reservations = await connection.write((database) => {
        const found = findOne(database.newest, team, id);
        if (found) database.delete('turns', id);
        return found?.record.reservations ?? [];
      });
      if (reservations.length > 0) await connection.write((database) => settle(database, reservations, 0));
    },

    readRunContext: reads.readRunContext,

    async announceSuccessor(scope, chat, sequence) {
      const announced = await update(
        (view) => unfinished(findPlace(view, scope, chat, sequence - 1)),
        (turn) => ({ ...turn, hasSuccessor: true }),
      );
      return announced !== undefined;
    },

    claim: async ({ team }, id, token) =>
      (await update((view) => queued(findOne(view, team, id)), claimedBy(token)))?.record,

    claimNext: async (scope, chat, sequence, token, origin) =>
      (
        await update((view) => {
          const found = queued(findPlace(view, scope, chat, sequence));
          return found && isSameOrigin(found.record.origin, origin) ? found : undefined;
        }, claimedBy(token))
      )?.record,

    findQueued: (scope, chat, sequence) =>
      connection.read((view) => queued(findPlace(view, scope, chat, sequence))?.record),

    async release({ team }, id, token, usage) {
      const released = await update(
        (view) => held(findOne(view, team, id), token),
        (turn) => ({
          ...withRecord(turn, { status: 'queued', lease: { ...leaseOf(turn), token: 'released' } }),
          usage: [...turn.usage, ...(usage ?? [])],
        }),
      );
      return released !== undefined;
    },

    async renew(leases) {
      const tokens = new Set(leases.map(({ token }) => token));
      const standing = (view: View) =>
        leases
          .map(({ turn }) => view.turns.get(turn))
          .filter((turn) => turn?.record.status === 'generating' && tokens.has(leaseOf(turn).token))
          .filter((turn) => turn !== undefined);
      const renewed = await connection.write((database) => {
        const turns = standing(database.newest);
        for (const turn of turns) {
          const lease = leaseOf(turn);
          const changed = withRecord(turn, { lease: { ...lease, renewals: lease.renewals + 1 } });
          database.put('turns', turn.record.id, changed);
        }
        return turns.length;
      });
      if (renewed === leases.length) return [];
      const left = await connection.read((view) => standing(view).map((turn) => leaseOf(turn).token));
      return leases.map(({ token }) => token).filter((token) => !left.includes(token));
    },

    async saveToolSteps({ team }, id, token, steps) {
      const updated = await update(
        (view) => withoutLater(held(findOne(view, team, id), token), steps),
        (turn) => withRecord(turn, { steps }),
      );
      if (updated || (await connection.read((view) => held(findOne(view, team, id), token)))) return 'stored';
      return (await connection.read((view) => findOne(view, team, id))) ? 'lost' : 'deleted';
    },

    async raiseAttempt({ team }, id, token, attempt) {
      const raised = await update(
        (view) => held(findOne(view, team, id), token),
        (turn) => {
          const lease = leaseOf(turn);
          const raised = { attempt: Math.max(lease.attempt, attempt), renewals: lease.renewals + 1 };
          return withRecord(turn, { lease: { ...lease, ...raised } });
        },
      );
      if (raised) return 'stored';
      return (await connection.read((view) => findOne(view, team, id))) ? 'lost' : 'deleted';
    },

    async saveWait({ team }, id, token, wait) {
      const saved = await update(
        (view) => held(findOne(view, team, id), token),
        (turn) => ({ ...turn, wait }),
      );
      return saved !== undefined;
    },

    end: ({ team }, id, token, end) => twice(() => writes.end({ team, id, token, end })),

    async cancel(access, id) {
      const marked = await update(
        (view) => unfinished(findIn(view, access, id)),
        (turn) => withRecord(turn, { isCancelled: true }),
      );
      return marked !== undefined;
    },

    cancelOfUser: ({ team }, user, limit) =>
      connection.write((database) => {
        const marked = [...database.newest.turns.values()]
          .filter(({ record }) => record.team === team && record.spender?.user === user)
          .filter(({ record }) => !hasEnded(record) && !record.isCancelled)
          .slice(0, limit);
        for (const turn of marked) {
          database.put('turns', turn.record.id, withRecord(turn, { isCancelled: true }));
        }
        return marked.map(({ record }) => record.id);
      }),

    async cancelBefore({ scope, chat: { id: chat } }, sequence) {
      await connection.write((database) => {
        for (const turn of ofChat(database.newest, scope, chat)) {
          const { id, sequence: place } = turn.record;
          if (place >= sequence || place < sequence - TAIL_TURNS || hasEnded(turn.record)) continue;
          database.put('turns', id, withRecord(turn, { isCancelled: true }));
        }
      });
    },

    listMarks: (ids) =>
      connection.read((view) =>
        ids
          .map((id) => view.turns.get(id)?.record)
          .filter((turn) => turn !== undefined)
          .map(({ id, isCancelled }) => ({ id, isCancelled })),
      ),

    findByIdempotencyKey: ({ chat: { id, team } }, key) =>
      connection.read((view) => {
        const found = findByIdempotencyKey(view, id, key);
        return found?.team === team ? found : undefined;
      }),

    findState: (access, id) =>
      connection.read((view) => {
        const found = findIn(view, access, id)?.record;
        if (!found) return undefined;
        return { status: found.status, isCancelled: found.isCancelled, attempt: found.lease?.attempt ?? 0 };
      }),

    listStates: (ids) =>
      connection.read((view) =>
        ids
          .map((id) => view.turns.get(id))
          .filter((turn) => turn !== undefined)
          .map(toPolled),
      ),

    listGrown: (chats) =>
      connection.read((view) => {
        const places = new Set(
          [...view.turns.values()].map(({ record: { chat, sequence } }) => `${chat} ${sequence}`),
        );
        return chats
          .map(({ chat, after }) => ({ chat, sequence: after + 1 }))
          .filter(({ chat, sequence }) => places.has(`${chat} ${sequence}`));
      }),

    listAfter: ({ scope, chat: { id: chat } }, sequence, limit) =>
      connection.read((view) =>
        newestFirst(view, scope, chat)
          .toReversed()
          .filter((turn) => turn.sequence > sequence)
          .slice(0, limit),
      ),

    find: (access, id) => connection.read((view) => findIn(view, access, id)?.record),

    findByUserMessage: ({ chat: { id, team } }, message) =>
      connection.read(
        (view) => ofChat(view, { team }, id).find(({ record }) => record.userMessage?.id === message)?.record,
      ),

    listVersions: ({ chat: { id, team } }, parents) =>
      connection.read((view) =>
        ofChat(view, { team }, id)
          .map(({ record }) => toVersion(record))
          .filter(({ parent }) => parent !== undefined && parents.includes(parent))
          .toSorted((one, other) => one.sequence - other.sequence),
      ),

    findPath: ({ chat: { id, team } }, sequence) =>
      connection.read((view) => {
        const found = findPlace(view, { team }, id, sequence);
        return found && pathOf(found.record);
      }),

    async markRemoved(access, id, isRemoved) {
      const marked = await update(
        (view) => {
          const found = findIn(view, access, id);
          const { status, userMessage } = found?.record ?? {};
          // Another removal may have deleted the content meanwhile.
          return status === 'failed' && (isRemoved || userMessage?.content !== '') ? found : undefined;
        },
        (turn) => {
          const { isRemoved: _, ...record } = turn.record;
          return { ...turn, record: { ...record, ...(isRemoved && { isRemoved }) } };
        },
      );
      return marked !== undefined;
    },

    async removeContent(access, id) {
      const removed = await update(
        (view) => {
          const found = findIn(view, access, id);
          return found?.record.status === 'failed' ? found : undefined;
        },
        (turn) => {
          const { written: _, userMessage, answer, ...record } = turn.record;
          const empty = {
            ...(userMessage && { userMessage: { ...userMessage, content: '' } }),
            ...(answer && { answer: withoutContent(answer) }),
          };
          return { ...turn, record: { ...record, ...empty, isRemoved: true } };
        },
      );
      return removed !== undefined;
    },

    listUnfinished: (limit, after) =>
      connection.read((view) =>
        [...view.turns.values()]
          .map(({ record }) => record)
          .filter((turn) => !hasEnded(turn) && (after === undefined || turn.id > after))
          .sort((a, b) => (a.id < b.id ? -1 : 1))
          .slice(0, limit),
      ),

    hasPredecessorEnded: async (scope, chat, sequence) =>
      sequence === 1 ||
      (await connection.read((view) => {
        const found = findPlace(view, scope, chat, sequence - 1);
        return found === undefined || hasEnded(found.record);
      })),

    countUnfinished: ({ team, user }, limit) =>
      connection.read((view) => {
        const found = [...view.turns.values()]
          .map(({ record }) => record)
          .filter((turn) => turn.team === team && !hasEnded(turn))
          .filter(({ spender }) => user === undefined || spender?.user === user);
        return Math.min(found.length, limit);
      }),

    countFromNetwork: (network, which, limit) =>
      connection.read((view) => {
        const found = [...view.turns.values()]
          .map(({ record }) => record)
          .filter(({ origin }) => origin?.isPrivileged === false && origin.networks?.includes(network))
          .filter((turn) => !hasEnded(turn) && (which === 'unfinished' || turn.status === which));
        return Math.min(found.length, limit);
      }),

    async takeOver({ team }, id, seen, token) {
      const taken = await update(
        (view) => {
          const found = held(findOne(view, team, id), seen.token);
          return found && leaseOf(found).renewals === seen.renewals ? found : undefined;
        },
        (turn) => {
          const claimed = claimedBy(token)(turn);
          return withRecord(claimed, { takeovers: turn.record.takeovers + 1 });
        },
      );
      return taken?.record;
    },
  };
}

function withoutContent({ tape: _, ...answer }: NonNullable<TurnRecord['answer']>) {
  return { ...answer, content: '' };
}

function toVersion(record: TurnRecord): VersionTurn {
  const { sequence, answerId, answer, userMessage, retryOf, isRemoved } = record;
  const { parent = retryOf ? undefined : sequence - 1 } = record;
  return {
    ...{ sequence, answerId, isRetry: retryOf !== undefined, hasAnswer: answer !== undefined },
    userMessageId: userMessage?.id ?? retryOf?.userMessageId ?? answerId,
    ...(parent !== undefined && { parent }),
    ...(isRemoved && { isRemoved }),
  };
}

function toPolled({ record, wait }: TurnDocument): PolledTurn {
  const { id, team, sequence, status, isCancelled, lease } = record;
  const attempt = lease?.attempt ?? 0;
  const isWaiting = status === 'generating' && wait?.attempt === attempt;
  return {
    ...{ id, team, sequence, status, isCancelled, attempt },
    ...(isWaiting && { waitsUntil: wait.until }),
  };
}

/**
 * Whether a query by team finds a marker: only until the purge, and only if the marker was inserted before the chat
 * was marked.
 */
function isMarkedFor(marker: MarkerDocument | undefined, team: Scope['team']): boolean {
  return marker?.pendingFor === team;
}

/** The turn with this id in the chat. */
function findIn(view: View, { chat }: ChatAccess, id: TurnRecord['id']): TurnDocument | undefined {
  const found = findOne(view, chat.team, id);
  return found?.record.chat === chat.id ? found : undefined;
}

function isSameOrigin(one: TurnOrigin | undefined, other: TurnOrigin | undefined): boolean {
  return one?.isPrivileged === other?.isPrivileged && one?.networks?.join() === other?.networks?.join();
}

function withRecord(turn: TurnDocument, fields: Partial<TurnRecord>): TurnDocument {
  return { ...turn, record: { ...turn.record, ...fields } };
}

function claimedBy(token: string): (turn: TurnDocument) => TurnDocument {
  return (turn) => {
    const attempt = (turn.record.lease?.attempt ?? 0) + 1;
    return withRecord(turn, { status: 'generating', lease: { token, attempt, renewals: 0 } });
  };
}

function leaseOf({ record }: TurnDocument): Lease {
  if (!record.lease) throw new ApiError('internal_error', { detail: `${record.id} has no lease.` });
  return record.lease;
}
