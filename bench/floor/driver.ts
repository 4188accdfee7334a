import { createRequire } from 'node:module';
import type { mongo } from 'mongoose';

/** The very driver that Mongoose brings, without Mongoose. */
export function loadDriver(): typeof mongo {
  const fromDatabasePackage = createRequire(new URL('../../packages/db/package.json', import.meta.url));
  const fromMongoose = createRequire(fromDatabasePackage.resolve('mongoose'));
  return fromMongoose('mongodb') as typeof mongo;
}
