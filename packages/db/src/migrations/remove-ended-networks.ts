import { firstIdAt, type Id } from '@parley/contract';
import { trusted } from 'mongoose';
import { filterOf, greaterThan } from '../mapping/filter-of.ts';
import { isEnded } from '../turn/turn-status.ts';
import type { MigrationContext } from './migration.ts';
import { pagesOf } from './pages-of.ts';

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
  const from = firstIdAt(new Date(first.startedAt.getTime() - CLOCKS_MS), 'turn');
  const pages = pagesOf({ limit: PAGE, signal, after: from }, (after?: Id<'turn'>) =>
    models.turns
      .find(filterOf({}, { _id: greaterThan(after) }), { status: 1, origin: 1 })
      .sort({ _id: 1 })
      .limit(PAGE)
      .lean(),
  );
  for await (const page of pages) {
    const leftovers = page.filter(({ status, origin }) => isEnded(status) && origin?.networks);
    if (leftovers.length > 0) {
      await models.turns.updateMany(
        { _id: trusted({ $in: leftovers.map(({ _id }) => _id) }) },
        { $unset: { 'origin.networks': 1 } },
      );
    }
  }
}
