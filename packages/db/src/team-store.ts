import { duplicateKeyIndex } from './database-errors.ts';
import type { Models } from './models.ts';
import type { TeamStore } from './store.ts';

export function createTeamStore({ teams }: Models): TeamStore {
  return {
    async create(team) {
      await teams.insertMany([{ _id: team.id, name: team.name, createdAt: new Date() }], { lean: true });
    },

    async exists(id) {
      return (await teams.exists({ _id: id })) !== null;
    },

    async createFirst(team) {
      if ((await teams.exists({})) !== null) return false;
      try {
        const first = { _id: team.id, name: team.name, isFirst: true as const, createdAt: new Date() };
        await teams.insertMany([first], { lean: true });
      } catch (error) {
        if (duplicateKeyIndex(error) !== undefined) return false;
        throw error;
      }
      return true;
    },
  };
}
