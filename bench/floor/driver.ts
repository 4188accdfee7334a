import { createRequire } from 'node:module';
import type { Models } from '../../packages/db/src/models.ts';

/** The client of the driver, as Mongoose hands it out. */
export type MongoClient = ReturnType<Models['turns']['db']['getClient']>;

interface Driver {
  readonly MongoClient: { connect(uri: string, options?: object): Promise<MongoClient> };
}

/** The very driver that Mongoose brings, without Mongoose. */
export function loadDriver(): Driver {
  const fromDatabasePackage = createRequire(new URL('../../packages/db/package.json', import.meta.url));
  const fromMongoose = createRequire(fromDatabasePackage.resolve('mongoose'));
  return fromMongoose('mongodb') as Driver;
}
