import type { Connection, mongo } from 'mongoose';

/**
 * The database that a connection's models are in. The client's own `db()` is another one when the connection string names
 * none, because Mongoose keeps the name to itself.
 */
export function databaseOf(connection: Connection): mongo.Db {
  return connection.getClient().db(connection.name);
}
