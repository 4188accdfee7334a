import { firstIdAt, type Id } from '@parley/contract';
import { trusted } from 'mongoose';
import { isEnded } from '../turn/turn-status.ts';
import type { MigrationContext } from './migration.ts';

const PAGE = 1_000;
/** The maximum difference between the clocks of two servers. */
const CLOCKS_MS = 24 * 60 * 60 * 1_000;

/**
 * Removes the hashed addresses of turns that release 0.1.0 has ended, because that release does not remove them.
 * Reads only turns that were created since a server of this software first worked on the database, in their order.
 */
export async function removeEndedNetworks({ models, db, signal }: MigrationContext): Promise<void> {
  const first = await db.collection<{ _id: number; startedAt: Date }>('migrations').findOne({ _id: 1 });
  if (!first) return;
  let after: Id<'turn'> = firstIdAt(new Date(first.startedAt.getTime() - CLOCKS_MS), 'turn');
  for (;;) {
    signal.throwIfAborted();
    const page = await models.turns
      .find({ _id: trusted({ $gt: after }) }, { status: 1, origin: 1 })
      .sort({ _id: 1 })
      .limit(PAGE)
      .lean();
    const leftovers = page.filter(({ status, origin }) => isEnded(status) && origin?.networks);
    if (leftovers.length > 0) {
      await models.turns.updateMany(
        { _id: trusted({ $in: leftovers.map(({ _id }) => _id) }) },
        { $unset: { 'origin.networks': 1 } },
      );
    }
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last._id;
  }
}
