import type { Id } from '@parley/contract';
import { trusted } from 'mongoose';
import type { Models } from '../models.ts';
import { toEmptyTurn } from './empty-turn.ts';
import type { TurnDocument } from './turn-model.ts';

/** An insert whose connection was given up takes effect within this time, or never. */
const LATE_INSERT_MS = 10 * 60_000;
const PAGE = 200;

type Session = Awaited<ReturnType<Models['turns']['db']['startSession']>>;
type RemovedTurn = Pick<TurnDocument, '_id' | 'chat' | 'sequence'>;

/** Turns that are counted and hold no reservations. */
const settled = { isUncounted: { $exists: false }, reservations: { $exists: false } };

/** Selects turns, without the placeholders of removed ones. */
export const notRemoved = { purgedAt: trusted({ $exists: false }) };

/**
 * Removes turns of a deleted chat. A recent turn leaves a placeholder: its id, chat and sequence, without team and content.
 * MongoDB removes it with the tombstone of its chat. Without it, a second insert of the turn that takes effect late would
 * bring the turn back after its chat was purged. The unique indexes on the id and on (chat, sequence) reject it.
 */
export function createTurnRemover({ turns }: Pick<Models, 'turns'>) {
  // Mongoose would require the team, which a placeholder does not have.
  const collection = turns.collection as unknown as {
    bulkWrite(replacements: readonly object[], options: object): Promise<unknown>;
  };

  return {
    /** Removes these turns in a transaction that also counts them. */
    async removeCounted(removed: readonly (RemovedTurn & { createdAt: Date })[], session: Session) {
      const since = lateSince();
      const old = removed.filter(({ createdAt }) => createdAt < since);
      const recent = removed.filter(({ createdAt }) => createdAt >= since);
      if (old.length > 0)
        await turns.deleteMany({ _id: trusted({ $in: old.map(({ _id }) => _id) }) }, { session });
      if (recent.length > 0)
        await collection.bulkWrite(
          recent.map((turn) => toReplacement(turn, {})),
          { session },
        );
    },

    /** Removes the turns of a chat that are counted and hold no reservations. */
    async removeSettled(chat: Id<'chat'>, except: Id<'turn'>): Promise<void> {
      const all = { chat, _id: trusted({ $ne: except }), ...notRemoved };
      const areSettled = {
        isUncounted: trusted(settled.isUncounted),
        reservations: trusted(settled.reservations),
      };
      await turns.deleteMany({ ...all, ...areSettled, createdAt: trusted({ $lt: lateSince() }) });
      for (;;) {
        const recent = await turns
          .find({ ...all, ...areSettled }, { chat: 1, sequence: 1 })
          .limit(PAGE)
          .lean<RemovedTurn[]>();
        if (recent.length === 0) return;
        // A turn whose end arrives just now is no longer settled. It is counted first.
        await collection.bulkWrite(
          recent.map((turn) => toReplacement(turn, settled)),
          { ordered: false },
        );
      }
    },
  };
}

function lateSince(): Date {
  return new Date(Date.now() - LATE_INSERT_MS);
}

/** Replaces the whole document, so that a new field of turns is removed as well. */
function toReplacement(turn: RemovedTurn, guard: object) {
  const replacement = { ...toEmptyTurn(turn), purgedAt: new Date() };
  return { replaceOne: { filter: { _id: turn._id, ...guard }, replacement } };
}
