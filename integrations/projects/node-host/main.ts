import { createServer } from 'node:http';
import { appRouter, createContext, nodeRequest, responseMeta } from '@parley/api';
import { limits } from '@parley/contract';
import { connectDatabase } from '@parley/db';
import { startServices } from '@parley/host';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import { env } from './env.ts';

const database = await connectDatabase(env.mongodbUri);
const running = startServices({ database, endpoint: () => env.model });

const server = createServer(
  createHTTPHandler({
    router: appRouter,
    basePath: '/trpc/',
    maxBatchSize: limits.batchCallsMax,
    maxBodySize: limits.batchBodyBytesMax,
    createContext: ({ req, res, info }) => createContext(running.services, nodeRequest(req, res, info)),
    responseMeta,
  }),
);
server.listen(env.port, '127.0.0.1', () => console.log(`Listening on ${JSON.stringify(server.address())}`));

process.once('SIGTERM', async () => {
  await running.drain(limits.drainMs);
  server.closeAllConnections();
  server.close();
  await running.close();
  await database.close();
});
