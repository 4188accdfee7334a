import { turnIdOf } from '@parley/contract';
import { trusted } from 'mongoose';
import { partsOfFeedbackId } from '../feedback/feedback-id.ts';
import { filterOf, greaterThan } from '../mapping/filter-of.ts';
import type { MigrationContext } from './migration.ts';
import { pagesOf } from './pages-of.ts';

const PAGE = 1_000;

/** Removes feedback on answers that no longer exist, because release 0.1.0 does not remove it together with a chat. */
export async function removeOrphanedFeedback({ models, signal }: MigrationContext): Promise<void> {
  const { feedback, turns } = models;
  const pages = pagesOf({ limit: PAGE, signal }, (after?: string) =>
    feedback
      .find(filterOf({}, { _id: greaterThan(after) }), { _id: 1 })
      .sort({ _id: 1 })
      .limit(PAGE)
      .lean(),
  );
  for await (const page of pages) {
    const rated = page.flatMap(({ _id }) => {
      const turn = turnIdOf(partsOfFeedbackId(_id).message);
      return turn === undefined ? [] : [{ _id, turn }];
    });
    // A placeholder of a deleted turn names no team.
    const areThere = {
      _id: trusted({ $in: rated.map(({ turn }) => turn) }),
      team: trusted({ $exists: true }),
    };
    const found = await turns.find(areThere, { _id: 1 }).lean();
    const there = new Set(found.map(({ _id }) => _id));
    const orphans = rated.filter(({ turn }) => !there.has(turn)).map(({ _id }) => _id);
    if (orphans.length > 0) await feedback.deleteMany({ _id: trusted({ $in: orphans }) });
  }
}
