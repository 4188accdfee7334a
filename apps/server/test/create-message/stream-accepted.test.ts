import { ApiError } from '@parley/contract';
import type { Database } from '@parley/db';
import { afterEach, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

/* A stored message whose stream cannot be opened returns an error that names its answer. */

let isUnreachable = false;
let isStored = false;
afterEach(() => {
  isUnreachable = false;
  isStored = false;
});

/** A database that rejects reads of single turns after a message was stored, when the test says so. */
function awayAfterInsert(database: Database): Database {
  const { turns } = database.stores;
  return {
    ...database,
    stores: {
      ...database.stores,
      turns: {
        ...turns,
        async insert(chat, turn) {
          const result = await turns.insert(chat, turn);
          isStored = true;
          return result;
        },
        async find(chat, id) {
          if (isUnreachable && isStored) throw new ApiError('database_unavailable');
          return turns.find(chat, id);
        },
      },
    },
  };
}

const { makeTeam, model } = await startHarness({ alter: awayAfterInsert, bounds: { runningTurnsMax: 1 } });
const team = await makeTeam();

test('a stream that cannot be opened after the message was stored returns 503 with the answer’s id', async () => {
  const gate = model.hold();
  const running = await team.makeChat();
  await team.stream(running.id, 'takes the only place');
  // The next message waits for the place, so its stream reads the turn.
  const { id } = await team.makeChat();
  isUnreachable = true;
  const stream = await team.stream(id, 'stored all the same');
  isUnreachable = false;
  expect([stream.status, stream.apiError?.code]).toEqual([503, 'database_unavailable']);
  const { messages } = await team.trpc.message.list.query({ chatId: id });
  expect(messages[0]).toMatchObject({ content: 'stored all the same' });
  gate.release();
  const resumed = await team.resume({ chatId: id, messageId: stream.apiError?.messageId as `msg_${string}` });
  expect((await resumed.rest()).at(-1)?.data).toBe('[DONE]');
});
