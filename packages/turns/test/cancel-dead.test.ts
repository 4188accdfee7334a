import { describe, expect, test } from 'vitest';
import { AnswerReader } from './answer-reader.ts';
import { STEP_MS, startClocked } from './clocked-replica.ts';
import { accessOf, eventually, insertTurn, LEASE_MS, startHarness, transcript, turnsOf } from './harness.ts';
import { SteppedAgent } from './stepped-agent.ts';
import { begin, eagerBounds } from './two-replicas.ts';

/* An answer whose process died keeps its logged text when it is cancelled or given up. */

const harness = await startHarness('cancel_dead');

describe('an answer whose runner is dead', () => {
  /** A run that logged `kept` and wrote more before its process was killed. A second turn waits behind it. */
  async function dieWriting() {
    const agent = new SteppedAgent();
    const { runAgent } = agent;
    const dead = harness.startReplica({ bounds: { tickMs: 5 }, runAgent });
    const place = await begin(harness, dead, 'q');
    const run = await agent.run('q');
    await begin(harness, dead, 'next', place.chat);
    run.emit('kept');
    await eventually(() => dead.tap.calls).toContain('turnLog.append');
    await dead.tap.quiet();
    dead.kill();
    run.emit(', and lost');
    return { agent, place };
  }

  test('cancelling returns the stored status; the next process ends the turn with the logged text, and the chat continues', async () => {
    const { agent, place } = await dieWriting();
    const other = await startClocked(harness, { runAgent: agent.runAgent });
    const third = harness.startReplica({
      bounds: { ...eagerBounds, runningTurnsMax: 0, cancelWaitMaxMs: 1 },
    });
    expect(await third.turns.cancel(harness.scope, place)).toMatchObject({
      status: 'generating',
      isCancelled: true,
    });
    const reader = new AnswerReader(third, harness.scope, place);
    await eventually(() => reader.text).toBe('kept');
    agent.echo();
    while ((await turnsOf(harness, place.chat))[0]?.['status'] === 'generating') {
      await other.live(STEP_MS);
    }
    await reader.done;
    expect(reader.text).toBe('kept');
    expect(reader.types.slice(-2)).toEqual(['text-end', 'end']);
    expect(await third.turns.cancel(harness.scope, place)).toMatchObject({
      status: 'stopped',
      answer: { content: 'kept' },
      written: { attempt: 1 },
      textBytes: Buffer.byteLength('qkept'),
    });
    await eventually(() => transcript(harness, place.chat)).toEqual([
      ...['user: q', 'assistant: kept', 'user: next', 'assistant: answer to next'],
    ]);
    // Only the dead process called the model for this message.
    expect(agent.runsOf('q')).toHaveLength(1);
  });

  test.each([
    ['the newest of several runs', { 1: 'first', 2: 'second' }, 'second', 2],
    ['the newest run with a log', { 1: 'first' }, 'first', 1],
    ['no run if none has a log', {}, undefined, 3],
  ] as const)(
    'a cancelled turn keeps the text that was logged by %s',
    async (_name, logged, text, attempt) => {
      const chat = await harness.newChat();
      const lease = { token: 'dead', attempt: 2, renewals: 0 };
      const turn = await insertTurn(harness, chat, 1, { lease });
      const { team } = harness.scope;
      for (const [run, said] of Object.entries(logged)) {
        const piece = { turn: turn.id, team, attempt: Number(run), to: said.length, text: said };
        await harness.db.stores.turnLog.append([piece]);
      }
      await harness.db.stores.turns.cancel(await accessOf(harness, turn.chat), turn.id);
      const other = await startClocked(harness);
      while ((await turnsOf(harness, chat))[0]?.['status'] === 'generating') await other.live(STEP_MS);
      const reader = new AnswerReader(other, harness.scope, { chat, answerId: turn.answerId });
      await reader.done;
      expect([reader.text, reader.cursor?.attempt]).toEqual([text ?? '', attempt]);
      expect(await transcript(harness, chat)).toEqual([
        ...['user: question 1', ...(text ? [`assistant: ${text}`] : [])],
      ]);
    },
  );

  test('a cancelled turn is never shown as generating again while it is being ended', async () => {
    const { agent, place } = await dieWriting();
    const other = await startClocked(harness, { runAgent: agent.runAgent });
    const third = harness.startReplica({
      bounds: { ...eagerBounds, runningTurnsMax: 0, cancelWaitMaxMs: 1 },
    });
    await third.turns.cancel(harness.scope, place);
    const reader = new AnswerReader(third, harness.scope, place);
    await eventually(() => reader.text).toBe('kept');
    const end = other.tap.hold('turns.end');
    let isEnding = false;
    void end.reached.then(() => {
      isEnding = true;
    });
    while (!isEnding) {
      other.clock.advance(STEP_MS);
      await Promise.race([other.clock.rounds(), end.reached]);
      await new Promise(setImmediate);
    }
    // The run that only ends the turn emits no text to readers.
    const polls = () => third.tap.calls.filter((call) => call === 'turns.listStates').length;
    const before = polls();
    await eventually(polls).toBeGreaterThan(before + 2);
    end.release();
    await reader.done;
    expect([reader.text, reader.types]).toEqual([
      ...['kept', ['start', 'text-start', 'text-delta', 'text-end', 'end']],
    ]);
  });

  test('a cancelled turn is ended although no model can be called and no slot is free', async () => {
    const { place } = await dieWriting();
    const turns = harness.db.raw.collection('turns');
    await turns.updateOne({ chat: place.chat, sequence: 1 }, { $set: { isCancelled: true } });
    const checkModel = () => {
      throw new Error('no model');
    };
    const other = await startClocked(harness, { checkModel, bounds: { runningTurnsMax: 0 } });
    await other.live(2 * LEASE_MS);
    expect(await turnsOf(harness, place.chat)).toMatchObject([{ status: 'stopped' }, { status: 'queued' }]);
    expect((await transcript(harness, place.chat))[1]).toBe('assistant: kept');
  });

  test('a turn that was not cancelled is generated again without the text of the dead run', async () => {
    const { agent, place } = await dieWriting();
    const other = await startClocked(harness, { runAgent: agent.runAgent });
    agent.echo();
    while ((await transcript(harness, place.chat)).length < 4) await other.live(STEP_MS);
    expect((await transcript(harness, place.chat)).slice(0, 2)).toEqual([
      'user: q',
      'assistant: answer to q',
    ]);
  });

  test('a turn that was taken over too often keeps the log of its last run and ends `interrupted`', async () => {
    const { agent, place } = await dieWriting();
    await harness.db.raw.collection('turns').updateOne({ chat: place.chat }, { $set: { takeovers: 2 } });
    const other = await startClocked(harness, { runAgent: agent.runAgent });
    while ((await turnsOf(harness, place.chat))[0]?.['status'] === 'generating') {
      await other.live(STEP_MS);
    }
    const reader = new AnswerReader(other, harness.scope, place);
    await reader.done;
    expect([reader.text, reader.cursor?.attempt]).toEqual(['kept', 1]);
    const createdAt = expect.any(String);
    expect(reader.end).toEqual({ type: 'end', status: 'failed', errorCode: 'interrupted', createdAt });
    expect((await transcript(harness, place.chat))[1]).toBe('assistant: kept');
  });
});
