import { type Id, limits, markerIdOf } from '@parley/contract';
import { trusted } from 'mongoose';
import { isDuplicateKey } from '../connection/database-errors.ts';
import type { Models } from '../models.ts';
import { toEmptyTurn } from '../turn/empty-turn.ts';
import type { TurnDocument } from '../turn/turn-model.ts';

/**
 * More than any chat may hold. Release 0.1.0 reads a marker as the chat's newest turn, which has ended; this size
 * makes it answer `chat_full` instead of inserting a message behind the marker.
 */
const FULL_BYTES = limits.chatTextBytesMax + 1;

/**
 * A deletion marker takes the next sequence of its chat, so that the unique index on (chat, sequence) rejects
 * every message that would follow. Its id follows from the chat's: a chat has at most one.
 */
interface MarkerDocument extends Omit<TurnDocument, 'team'> {
  /** Only of a chat that may not be marked deleted yet. A tombstone names no team, nor does its marker. */
  readonly team?: Id<'team'>;
}

/** Whether a stored turn is the deletion marker of its chat. No marker may leave the stores as a turn. */
export function isMarker({ _id, chat }: Pick<TurnDocument, '_id' | 'chat'>): boolean {
  return _id === markerIdOf(chat);
}

/** Inserts and settles the markers of deleted chats. */
export function createMarkers({ chats, turns }: Models) {
  // Mongoose would require the team, which the marker of a tombstone does not have.
  const collection = turns.collection as unknown as { insertOne(marker: MarkerDocument): Promise<unknown> };

  return {
    /** Inserts the marker behind the newest turn. False: another turn took that place, or is about to take it. */
    async insert(chat: Id<'chat'>): Promise<boolean> {
      const [marked, newest] = await Promise.all([
        chats.exists({ _id: chat, deletedAt: trusted({ $exists: true }) }),
        turns
          .findOne({ chat }, { chat: 1, sequence: 1 })
          .sort({ sequence: -1 })
          .lean<Pick<TurnDocument, '_id' | 'chat' | 'sequence'>>(),
      ]);
      // A chat without the mark accepts messages, even if an old primary reported it as deleted. A purged chat had
      // its marker.
      if (marked === null || (newest && isMarker(newest))) return true;
      return insertAt(toMarker(chat, (newest?.sequence ?? 0) + 1));
    },

    /** Inserts the marker behind exactly this turn; the chat is marked deleted after it. */
    insertBehind(team: Id<'team'>, chat: Id<'chat'>, sequence: number): Promise<boolean> {
      return insertAt({ ...toMarker(chat, sequence + 1), team, pendingSince: new Date() });
    },

    async listPending(limit: number, except: readonly Id<'chat'>[]) {
      const found = await turns
        .find({ pendingSince: trusted({ $exists: true }), chat: trusted({ $nin: [...except] }) })
        .sort({ pendingSince: 1 })
        .limit(limit)
        .lean();
      return found.map(({ team, chat }) => ({ team, chat }));
    },

    /** From now on the marker stays as long as the tombstone. */
    async settle(chat: Id<'chat'>, purgedAt: Date): Promise<void> {
      await turns.updateOne(
        { _id: markerIdOf(chat), purgedAt: trusted({ $exists: false }) },
        { $set: { purgedAt }, $unset: { team: 1, pendingSince: 1 } },
      );
    },

    /** Deletes the marker of an erased chat and the placeholders of its turns, because an import stores the chat again. */
    async remove(chat: Id<'chat'>): Promise<void> {
      await turns.deleteMany({ chat, purgedAt: trusted({ $exists: true }) });
    },
  };

  async function insertAt(marker: MarkerDocument): Promise<boolean> {
    try {
      await collection.insertOne(marker);
      return true;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      // The server names only one of the conflicting indexes. The marker itself may be stored already.
      return (await turns.exists({ _id: marker._id })) !== null;
    }
  }
}

function toMarker(chat: Id<'chat'>, sequence: number): MarkerDocument {
  return { ...toEmptyTurn({ _id: markerIdOf(chat), chat, sequence }), textBytes: FULL_BYTES };
}
