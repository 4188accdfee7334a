import { compactAs, type Id, type TapePlace, textOfTape } from '@parley/contract';
import { mongo, trusted } from 'mongoose';
import { isDuplicateKey, isDuplicateKeyCode } from '../connection/database-errors.ts';
import type { Models } from '../models.ts';
import { JoinedBatches } from './join-batches.ts';
import type { TurnLogDocument } from './turn-log-model.ts';
import type { TurnLogStore } from './turn-log-port.ts';

/** The pieces that one query reads: half a minute of a running answer. */
const PIECES_PAGE = 128;
const OFFSET_DIGITS = 9;

/** Creates the store of the log of running answers. */
export function createTurnLogStore({ turnLog }: Models): TurnLogStore {
  /** Below Mongoose's casting, as the turns' own hot writes: a process writes here several times a second. */
  const hot = turnLog.collection as unknown as HotCollection;

  return {
    async append(batches) {
      const createdAt = new Date();
      const documents = batches.map(({ turn, team, attempt, to, text, place }) => ({
        ...{ _id: logKey(turn, attempt, to), team },
        ...(place ? toPieces(text, place) : { text }),
        createdAt,
      }));
      try {
        await hot.insertMany(documents, { ordered: false });
      } catch (error) {
        // A piece with this key is the same piece: an earlier acknowledgement was lost.
        if (!isAllDuplicates(error)) throw error;
      }
    },

    async read({ team }, turn, attempt, from) {
      const joined = new JoinedBatches(from);
      for (;;) {
        const after = { $gt: logKey(turn, attempt, joined.at), $lt: logKey(turn, attempt + 1, 0) };
        const pieces = await turnLog
          .find({ _id: trusted(after), team })
          .sort({ _id: 1 })
          .limit(PIECES_PAGE)
          .lean();
        for (const piece of pieces) {
          const to = Number(piece._id.slice(-OFFSET_DIGITS));
          if (!joined.add({ to, ...fromPieces(piece) })) return joined.tape;
        }
        if (pieces.length < PIECES_PAGE) return joined.tape;
      }
    },

    async remove({ team }, turn) {
      await turnLog.deleteMany({ _id: trusted(rangeOf(turn)), team });
    },
  };
}

interface HotCollection {
  insertMany(documents: TurnLogDocument[], options: { ordered: false }): Promise<unknown>;
}

/** Release 0.1.0 reads the text. Its offsets do not add up, so it waits there for the end of the answer. */
function toPieces(tape: string, { open, index }: TapePlace): Pick<TurnLogDocument, 'text' | 'pieces'> {
  const pieces = compactAs<NonNullable<TurnLogDocument['pieces']>>({ open, index, tape });
  return { text: textOfTape(tape, { open, index }), pieces };
}

function fromPieces({ text, pieces }: Pick<TurnLogDocument, 'text' | 'pieces'>) {
  if (!pieces) return { text };
  const { open, index, tape } = pieces;
  return { text: tape, place: { open, index } };
}

/** Sorts by turn, attempt and offset, because numbers are padded with zeros. */
function logKey(turn: Id<'turn'>, attempt: number, to: number): string {
  return `${turn} ${String(attempt).padStart(4, '0')} ${String(to).padStart(OFFSET_DIGITS, '0')}`;
}

/** The range of the keys of a turn's pieces: `!` is the character after the space. */
export function rangeOf(turn: Id<'turn'>) {
  return { $gt: `${turn} `, $lt: `${turn}!` };
}

function isAllDuplicates(error: unknown): boolean {
  if (!(error instanceof mongo.MongoBulkWriteError)) return isDuplicateKey(error);
  const failures = [error.writeErrors].flat();
  return (
    failures.length > 0 &&
    failures.every(({ code }) => isDuplicateKeyCode(code)) &&
    !error.result.getWriteConcernError()
  );
}
