import { compact } from '@parley/contract';
import { type Connection, Mongoose } from 'mongoose';
import { APP_NAME } from '../migrations/live-servers.ts';

/** The time limit for finding a server. An election takes longer, but the callers try again later. */
const SELECTION_MS = 3_000;
/** The time limit of a write for the acknowledgement of the majority. */
const MAJORITY_MS = 5_000;
/** The time limit for a silent socket: longer than the server itself lets a write wait. */
export const SILENCE_MS = 6_000;
/** The driver's value for no limit, because an index build is silent for long. */
export const NO_LIMIT = 0;

/**
 * Options that the connection string must not set, in all the driver's spellings. They are removed from it, because the
 * driver merges parts of a concern from there with ours (`journal=false` would win).
 */
const DECIDED_HERE = new Set([
  ...['w', 'j', 'journal', 'fsync', 'wtimeout', 'wtimeoutms'],
  ...['readconcernlevel', 'readpreference', 'readpreferencetags', 'maxstalenessseconds'],
  ...['retryreads', 'retrywrites', 'timeoutms', 'sockettimeoutms', 'connecttimeoutms'],
  ...['serverselectiontimeoutms', 'waitqueuetimeoutms'],
]);

const NAMES_DATABASE = /^mongodb(?:\+srv)?:\/\/[^/]+\/[^?]+/;

/** Opens a connection with this time limit for silent sockets. It does not wait for the server. */
export function openConnection(uri: string, socketTimeoutMS: number): Connection {
  const mongoose = new Mongoose();
  mongoose.set('sanitizeFilter', true);
  mongoose.set('strictQuery', 'throw');
  const options = {
    dbName: NAMES_DATABASE.test(uri) ? undefined : 'parley',
    appName: APP_NAME,
    readConcernLevel: 'majority',
    readPreference: 'primary',
    writeConcern: { w: 'majority', journal: true, wtimeoutMS: MAJORITY_MS },
    retryReads: true,
    retryWrites: true,
    serverSelectionTimeoutMS: SELECTION_MS,
    connectTimeoutMS: SELECTION_MS,
    socketTimeoutMS,
    bufferCommands: false,
  } as const;
  return mongoose.createConnection(withoutDecided(uri), compact(options));
}

function withoutDecided(uri: string): string {
  const [address, query] = splitOnce(uri, '?');
  const kept = query.split('&').filter((pair) => !DECIDED_HERE.has(splitOnce(pair, '=')[0].toLowerCase()));
  return query === '' ? address : `${address}?${kept.join('&')}`;
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
