/** A process that starts an embedded MongoDB and follows its parent's orders. Tests kill it as a server may be killed. */
import { MongoClient } from 'mongodb';
import { type StartMongoOptions, startMongo } from '../mongod/start-mongo.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as Omit<StartMongoOptions, 'onProgress'>;
const mongo = await startMongo({ ...options, onProgress: () => {} });
const client = new MongoClient(mongo.uri);
const numbers = client.db('owner').collection('numbers');

process.on('message', async (order) => {
  if (order === 'exit') process.exit(0);
  // A number is reported only after MongoDB has acknowledged it.
  for (let number = 1; order === 'write'; number++) {
    await numbers.insertOne({ number }, { writeConcern: { w: 'majority', journal: true } });
    process.send?.({ acknowledged: number });
  }
});
process.on('SIGINT', async () => {
  const { insertedId } = await numbers.insertOne({ afterSignal: true });
  await client.close();
  await mongo.stop();
  process.send?.({ wroteAfterSignal: insertedId !== undefined, exit: await mongo.exited });
  process.disconnect();
});
process.send?.({ pid: mongo.pid });
