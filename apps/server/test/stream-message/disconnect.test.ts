import { scripts } from '@parley/agent/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type OneAnswer, startHarness } from '../harness.ts';
import { requestStream } from '../support/streams.ts';
import { transports } from '../support/transports.ts';

/* A disconnected reader costs nothing: a server that polled the database for its answer stops. */

const { makeTeam, model, mongo, log, startReplica } = await startHarness({ bounds: { tickMs: 20 } });
const replica = await startReplica();
const team = await makeTeam();
afterEach(() => vi.restoreAllMocks());

/** A running answer on the other server, by its turn's id. */
async function begin(content: string) {
  const { id: chatId } = await team.makeChat();
  model.replyTo(content, scripts.neverEnding('so far'));
  const { body } = await team.send(chatId, content, { body: { content, role: 'user', wait: false } });
  const turn = body.id.replace('msg_', 'turn_');
  return { answer: { chatId, messageId: body.id } as OneAnswer, turn };
}

describe.each(transports)('disconnected readers over %s', (transport) => {
  const open = (answer: OneAnswer) =>
    requestStream(
      transport,
      { operationId: 'streamMessage', procedure: 'message.follow' },
      { ...answer },
      { url: replica.url, headers: { 'x-api-key': team.secretKey } },
    );

  test('the server stops reading for a disconnected reader and continues for the other', async () => {
    const [leaving, staying] = [await begin(`leaving, ${transport}`), await begin(`staying, ${transport}`)];
    const looks = new Map<string, number>();
    const { listStates } = mongo.database.stores.turns;
    vi.spyOn(mongo.database.stores.turns, 'listStates').mockImplementation((turns) => {
      for (const turn of turns) looks.set(turn, (looks.get(turn) ?? 0) + 1);
      return listStates(turns);
    });
    const [leavingStream, stayingStream] = [await open(leaving.answer), await open(staying.answer)];
    await leavingStream.until(({ data }) => data.includes('so far'));
    await stayingStream.until(({ data }) => data.includes('so far'));
    const disconnected = log.next(({ msg }) => msg === 'client disconnected');
    leavingStream.close();
    await disconnected;
    const atMost = (looks.get(leaving.turn) ?? 0) + 1;
    const before = looks.get(staying.turn) ?? 0;
    // The polls of the other reader measure the time.
    await expect.poll(() => looks.get(staying.turn)).toBeGreaterThan(before + 5);
    expect(looks.get(leaving.turn)).toBeLessThanOrEqual(atMost);
    stayingStream.close();
  });
});
