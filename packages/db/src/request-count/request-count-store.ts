import { trusted } from 'mongoose';
import type { Models } from '../models.ts';
import type { RequestCountStore } from './request-count-port.ts';

/** Creates the store of request counts. */
export function createRequestCountStore({ requestCounts }: Models): RequestCountStore {
  return {
    async add(counts) {
      if (counts.length === 0) return [];
      const idOf = ({ subject, minute }: (typeof counts)[number]) => `${subject}.${minute}`;
      await requestCounts.bulkWrite(
        counts.map((one) => ({
          updateOne: {
            filter: { _id: idOf(one) },
            update: {
              $inc: { count: one.count },
              $setOnInsert: { subject: one.subject, minute: one.minute, createdAt: new Date() },
            },
            upsert: true,
          },
        })),
        { ordered: false },
      );
      const found = await requestCounts.find({ _id: trusted({ $in: counts.map(idOf) }) }).lean();
      return found.map(({ subject, minute, count }) => ({ subject, minute, count }));
    },
  };
}
