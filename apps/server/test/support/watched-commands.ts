import { mongo } from 'mongoose';

/** Makes the driver tell its commands; for `addressOf` of a harness. */
export function withMonitoring(uri: string): string {
  const url = new URL(uri);
  url.searchParams.set('monitorCommands', 'true');
  return url.href;
}

/** A command as the driver sent it: the collection it is about, and all of it as JSON. */
interface WatchedCommand {
  readonly collection: string;
  readonly json: string;
}

type During = (run: () => Promise<unknown>) => Promise<WatchedCommand[]>;

/**
 * Runs `connect`; afterwards `during` answers the commands that the clients which connected in it sent while something
 * ran. A server's background jobs are among them: look for what your requests name.
 */
export async function watchCommands<Result>(
  connect: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly during: During }> {
  let heard: WatchedCommand[] | undefined;
  const original = mongo.MongoClient.prototype.connect;
  // The product gives its client to nobody: it is met where it connects.
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
