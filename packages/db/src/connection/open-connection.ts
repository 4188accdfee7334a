import { compact } from '@parley/contract';
import { type Connection, Mongoose } from 'mongoose';
import { APP_NAME } from '../migrations/live-servers.ts';

/** How long a server is looked for. An election takes longer, but what waits for one is tried again later. */
const SELECTION_MS = 3_000;
/** How long a write waits for the majority. */
const MAJORITY_MS = 5_000;
/** How long a socket may be silent: longer than the server itself lets a write wait. */
export const SILENCE_MS = 6_000;
/** The driver's word for sockets that may be silent for any time: an index build is. */
export const NO_LIMIT = 0;

/**
 * What the connection string does not decide, in all the driver's spellings. They are taken out of it, because
 * the driver mixes parts of a concern from there with ours (`journal=false` would win).
 */
const DECIDED_HERE = new Set([
  ...['w', 'j', 'journal', 'fsync', 'wtimeout', 'wtimeoutms'],
  ...['readconcernlevel', 'readpreference', 'readpreferencetags', 'maxstalenessseconds'],
  ...['retryreads', 'retrywrites', 'timeoutms', 'sockettimeoutms', 'connecttimeoutms'],
  ...['serverselectiontimeoutms', 'waitqueuetimeoutms'],
]);

const NAMES_DATABASE = /^mongodb(?:\+srv)?:\/\/[^/]+\/[^?]+/;

/** A connection whose sockets may be silent for so long. */
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
