import { expect } from 'vitest';
import { databaseOf, type UpgradeScenario } from '../scenario.ts';

export const servers: readonly UpgradeScenario[] = [
  {
    name: 'this version records itself and its migrations beside the old one, and runs these again later',
    fields: [
      ...['name', 'software', 'minimumServer', 'startedAt', 'finishedAt', 'isOutdated'].map(
        (name) => `migrations.${name}`,
      ),
      ...['software', 'schemaVersion', 'startedAt', 'seenAt'].map((name) => `servers.${name}`),
      ...['token', 'renewals', 'software', 'startedAt'].map((name) => `leases.${name}`),
    ],
    async run(world) {
      const database = await world.newDatabase();
      const { mongoUri: mongodbUri, ...team } = database;
      const raw = databaseOf(world, database);
      await world.start('old', { mongodbUri, ...team });
      await world.start('current', { mongodbUri, ...team });
      expect(await raw.collection('servers').countDocuments()).toBe(1);
      // Release 0.1.0 may still write the old form: the steps run again when it has ended.
      const marked = async () =>
        (await raw.collection('migrations').find().toArray()).map(({ isOutdated = false }) => isOutdated);
      await expect.poll(async () => (await marked()).length, { timeout: 60_000 }).toBeGreaterThan(0);
      await expect.poll(async () => (await marked()).every(Boolean), { timeout: 60_000 }).toBe(true);
    },
  },
];
