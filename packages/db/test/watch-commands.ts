import { mongo } from 'mongoose';
import { connectDatabase, type Database } from '../src/index.ts';

/** A command as it was sent to the server. */
export interface SentCommand {
  readonly name: string;
  /** The collection it is about, where it is about one. */
  readonly collection: string;
  readonly command: mongo.BSON.Document;
}

export interface WatchedDatabase {
  readonly database: Database;
  readonly stores: Database['stores'];
  /** The commands that were sent since the last call, in order. */
  commands(): SentCommand[];
}

/** Connects as the product does, and records every command by the driver's monitoring. */
export async function connectWatched(uri: string): Promise<WatchedDatabase> {
  const url = new URL(uri);
  url.searchParams.set('monitorCommands', 'true');
  const sent: SentCommand[] = [];
  const original = mongo.MongoClient.prototype.connect;
  // The product does not expose its client, so it is intercepted when it connects.
  mongo.MongoClient.prototype.connect = function (this: mongo.MongoClient) {
    this.on('commandStarted', ({ commandName, command }) => {
      sent.push({ name: commandName, collection: String(command[commandName]), command });
    });
    return original.call(this);
  };
  try {
    const database = await connectDatabase(url.href);
    return { database, stores: database.stores, commands: () => sent.splice(0) };
  } finally {
    mongo.MongoClient.prototype.connect = original;
  }
}
