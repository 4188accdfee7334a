import { once } from 'node:events';
import { mintId } from '@parley/contract';
import { afterAll, expect, test } from 'vitest';
import {
  createChatInsertCommands,
  createPageCommands,
  createReadCommands,
  createTitleCommands,
  createWriteCommands,
} from '../src/batching/turn-commands.ts';
import { NO_LIMIT, openConnection } from '../src/connection/open-connection.ts';
import type { TurnEnd } from '../src/index.ts';
import { createModels } from '../src/models.ts';
import { startTcpProxy } from '../src/testing/index.ts';
import { leaseOf, newScope, newTurn } from './examples.ts';
import { startDatabase } from './start-database.ts';

/* At the deadline of a batch its signal aborts, and the driver closes the connection that the command hangs on. */

const db = await startDatabase('command-deadlines');
const url = new URL(db.uri);
const proxy = await startTcpProxy(Number(url.port));
url.port = String(proxy.port);
url.searchParams.set('monitorCommands', 'true');
// The driver's own monitoring would open and close further connections.
url.searchParams.set('serverMonitoringMode', 'poll');
url.searchParams.set('heartbeatFrequencyMS', '600000');
// Without a time limit for silent sockets only the signal closes a connection.
const connection = await openConnection(url.href, NO_LIMIT).asPromise();
const models = createModels(connection);
afterAll(async () => {
  proxy.stop();
  await connection.destroy();
});

const { team } = newScope();
const [one, other] = [mintId('chat'), mintId('chat')];
const end: TurnEnd = { status: 'failed', errorCode: 'agent_not_found', textBytes: 1 };
const insertOf = (chat: typeof one) => ({ team, turn: newTurn(chat, 1, { lease: leaseOf('mine') }) });
const endingOf = () => ({ team, id: mintId('turn'), token: 'mine', end });
const rangeOf = (chat: typeof one) => ({ team, chat, from: 1, before: 9, bytes: 100 });
const titleOf = (chat: typeof one) => ({ team, chat, title: 'a title' });
const chatOf = () => ({ _id: mintId('chat'), team });

const reads = createReadCommands(models);
const writes = createWriteCommands(models);
const { insertChats } = createChatInsertCommands(models);
const { findPages } = createPageCommands(models);
const { setTitles } = createTitleCommands(models);

const commands: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
  'a read of chats': (signal) => reads.findChats([{ scope: { team }, id: one }], signal),
  'a read of histories': (signal) => reads.findTurns([rangeOf(one), rangeOf(other)], signal),
  'a read of message pages': (signal) => findPages([rangeOf(one), rangeOf(other)], signal),
  'a read of ended turns': (signal) => writes.findTurns([endingOf(), endingOf()], signal),
  'an insert of one turn': (signal) => writes.insertOne(insertOf(one), signal),
  'an insert of two turns': (signal) => writes.insertMany([insertOf(one), insertOf(other)], signal),
  'an end of one turn': (signal) => writes.endOne(endingOf(), signal),
  'an end of two turns': (signal) => writes.endMany([endingOf(), endingOf()], signal),
  'an insert of one chat': (signal) => insertChats([chatOf()], signal),
  'an insert of two chats': (signal) => insertChats([chatOf(), chatOf()], signal),
  'a title of one chat': (signal) => setTitles([titleOf(one)], signal),
  'titles of two chats': (signal) => setTitles([titleOf(one), titleOf(other)], signal),
};

test.each(Object.entries(commands))(
  '%s that hangs closes its connection when its signal aborts',
  async (_, send) => {
    const client = connection.getClient();
    proxy.treat({ requests: 'forward' });
    await client.db().command({ ping: 1 });
    const before = proxy.connections;
    proxy.treat({ requests: 'swallow' });
    const deadline = new AbortController();
    const isSent = once(client, 'commandStarted');
    const hanging = send(deadline.signal).catch((error: unknown) => error);
    await isSent;
    expect(proxy.connections).toBe(before);
    deadline.abort(new Error('past the deadline'));
    await expect.poll(() => proxy.connections).toBe(before - 1);
    expect(await hanging).toMatchObject({ message: 'past the deadline' });
  },
);
