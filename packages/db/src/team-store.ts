import { isDuplicateKey } from './database-errors.ts';
import type { Models } from './models.ts';
import type { TeamStore } from './store.ts';

export function createTeamStore({ teams }: Models): TeamStore {
  return {
    async create({ id, name }) {
      await teams.insertMany([{ _id: id, name, createdAt: new Date() }], { lean: true });
    },

    async exists(id) {
      return (await teams.exists({ _id: id })) !== null;
    },

    async findFirst() {
      const found =
        (await teams.findOne({ isFirst: true }).lean()) ?? (await teams.findOne({}).sort({ _id: 1 }).lean());
      return found ? { id: found._id, isPending: found.isPending === true } : undefined;
    },

    async createFirst({ id, name }) {
      try {
        const first = {
          _id: id,
          name,
          isFirst: true as const,
          isPending: true as const,
          createdAt: new Date(),
        };
        await teams.insertMany([first], { lean: true });
        return true;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        return (await teams.exists({ _id: id })) !== null;
      }
    },

    async finishFirst(id) {
      await teams.updateOne({ _id: id }, { $unset: { isPending: 1 } });
    },
  };
}
