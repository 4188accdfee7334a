import type { Connection } from 'mongoose';
import { isDuplicateKey } from './database-errors.ts';

/** A session of the database, in which a transaction runs. */
export type Session = Awaited<ReturnType<Connection['startSession']>>;

/** A conflict with a row that another process just inserted does not recur, so several in a row have another cause. */
const TRIES = 3;

/** Runs writes in one transaction, on a snapshot. They are repeated if another transaction changes the same documents. */
export async function inTransaction<Result>(
  connection: Connection,
  act: (session: Session) => Promise<Result>,
): Promise<Result> {
  const session = await connection.startSession();
  try {
    for (let tries = 1; ; tries++) {
      try {
        return await session.withTransaction(() => act(session), { readConcern: { level: 'snapshot' } });
      } catch (error) {
        if (!isDuplicateKey(error) || tries === TRIES) throw error;
      }
    }
  } finally {
    await session.endSession();
  }
}
