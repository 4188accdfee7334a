import { mongo } from 'mongoose';

/** Makes the driver report its commands; for `addressOf` of a harness. */
export function withMonitoring(uri: string): string {
  const url = new URL(uri);
  url.searchParams.set('monitorCommands', 'true');
  return url.href;
}

/** A command of the driver: its collection, and the whole command as JSON. */
interface WatchedCommand {
  readonly collection: string;
  readonly json: string;
}

type During = (run: () => Promise<unknown>) => Promise<WatchedCommand[]>;

/**
 * Runs `connect`. Afterwards `during` returns the commands that the clients of `connect` sent during a function.
 * Commands of background jobs are included, so search for the names of your requests.
 */
export async function watchCommands<Result>(
  connect: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly during: During }> {
  let heard: WatchedCommand[] | undefined;
  const original = mongo.MongoClient.prototype.connect;
  // The product does not expose its client, so it is intercepted when it connects.
  mongo.MongoClient.prototype.connect = function (this: mongo.MongoClient) {
    this.on('commandStarted', ({ commandName, command }) => {
      heard?.push({ collection: String(command[commandName]), json: JSON.stringify(command) });
    });
    return original.call(this);
  };
  const during: During = async (run) => {
    const commands: WatchedCommand[] = [];
    heard = commands;
    await run().finally(() => {
      heard = undefined;
    });
    return commands;
  };
  try {
    return { result: await connect(), during };
  } finally {
    mongo.MongoClient.prototype.connect = original;
  }
}
