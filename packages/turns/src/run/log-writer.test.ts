import { ApiError, type Id, mintId } from '@parley/contract';
import type { LogBatch } from '@parley/db';
import { describe, expect, test } from 'vitest';
import type { TurnDeps } from '../dependencies.ts';
import { LogWriter } from './log-writer.ts';
import type { Run } from './run.ts';

type Append = TurnDeps['store']['turnLog']['append'];

function newRun(turn: Id<'turn'> = mintId('turn')): Run {
  const [team, chat] = [mintId('team'), mintId('chat')];
  const record = { id: turn, team, chat, sequence: 1, status: 'generating', takeovers: 0 } as const;
  return {
    turn: { ...record, isCancelled: false, answerId: mintId('message'), createdAt: new Date() },
    scope: { team },
    token: 'token',
    attempt: 1,
    abort: new AbortController(),
    before: undefined,
    deadline: Number.POSITIVE_INFINITY,
    text: '',
    openPart: 'text',
    unacknowledgedWrites: 0,
    endUnknown: false,
    isChatDeleted: false,
    loggedTo: 0,
  };
}

/** A log whose writes wait until the test lets each one succeed or fail. */
function newLog() {
  const sent: { batches: readonly LogBatch[]; settle: PromiseWithResolvers<void> }[] = [];
  const append: Append = (batches) => {
    const settle = Promise.withResolvers<void>();
    sent.push({ batches, settle });
    return settle.promise;
  };
  const warnings: string[] = [];
  const store = { turnLog: { append } } as unknown as TurnDeps['store'];
  const writer = new LogWriter({ store, log: (_level, event) => warnings.push(event) });
  return { writer, sent, warnings, texts: () => sent.map(({ batches }) => batches.map(({ text }) => text)) };
}

const unreachable = () => new ApiError('database_unavailable');

describe('the log of running answers', () => {
  test('one write stores the text of all runs, and text that arrives meanwhile becomes one larger write', async () => {
    const { writer, sent, texts } = newLog();
    const [one, two, silent] = [newRun(), newRun(), newRun()];
    one.text = 'one';
    two.text = 'two';
    writer.write([one, two, silent]);
    for (const more of [' and', ' more']) {
      one.text += more;
      writer.write([one, two, silent]);
    }
    expect(texts()).toEqual([['one', 'two']]);
    sent[0]?.settle.resolve();
    await writer.settled();
    writer.write([one, two, silent]);
    expect(texts()).toEqual([['one', 'two'], [' and more']]);
    expect(sent[1]?.batches).toMatchObject([{ turn: one.turn.id, attempt: 1, to: 12, team: one.scope.team }]);
    sent[1]?.settle.resolve();
    await writer.settled();
    writer.write([one, two, silent]);
    expect(sent).toHaveLength(2);
    expect([one.loggedTo, two.loggedTo, silent.loggedTo]).toEqual([12, 3, 0]);
  });

  test('an unacknowledged write is repeated unchanged before new text is written', async () => {
    const { writer, sent, warnings, texts } = newLog();
    const [one, two] = [newRun(), newRun()];
    one.text = 'first';
    writer.write([one]);
    one.text += ', second';
    sent[0]?.settle.reject(unreachable());
    await writer.settled();
    two.text = 'other';
    writer.write([one, two]);
    // The database recognizes the repeated batch, because it is unchanged.
    expect(sent[1]?.batches[0]).toEqual(sent[0]?.batches[0]);
    sent[1]?.settle.resolve();
    await writer.settled();
    writer.write([one, two]);
    expect(texts()).toEqual([['first'], ['first', 'other'], [', second']]);
    expect(warnings).toEqual(['the log of running answers could not be written']);
  });

  test('the log of a run that continues elsewhere is written to its end, after the current write', async () => {
    const { writer, sent, texts } = newLog();
    const run = newRun();
    run.text = 'a';
    writer.write([run]);
    run.text = 'ab';
    const flushed = writer.flush(run);
    expect(sent).toHaveLength(1);
    sent[0]?.settle.resolve();
    await writer.settled();
    await expect.poll(() => texts()).toEqual([['a'], ['b']]);
    sent[1]?.settle.resolve();
    await flushed;
    expect(run.loggedTo).toBe(2);
  });

  test('the log of a run that continues elsewhere is written to its end also after a failed write', async () => {
    const { writer, sent, texts } = newLog();
    const run = newRun();
    run.text = 'a';
    writer.write([run]);
    sent[0]?.settle.reject(unreachable());
    await writer.settled();
    run.text = 'abc';
    const flushed = writer.flush(run);
    await expect.poll(() => texts()).toEqual([['a'], ['a']]);
    sent[1]?.settle.resolve();
    await expect.poll(() => texts()).toEqual([['a'], ['a'], ['bc']]);
    sent[2]?.settle.resolve();
    await flushed;
    expect(run.loggedTo).toBe(3);
  });

  test('a run without new text is not written again', async () => {
    const { writer, sent } = newLog();
    const [written, silent] = [newRun(), newRun()];
    written.text = 'x';
    written.loggedTo = 1;
    await writer.flush(written);
    await writer.flush(silent);
    writer.write([]);
    expect(sent).toEqual([]);
  });

  test('a flush that fails logs a warning and stops no run', async () => {
    const { writer, sent, warnings } = newLog();
    const run = newRun();
    run.text = 'x';
    const flushed = writer.flush(run);
    await expect.poll(() => sent.length).toBe(1);
    sent[0]?.settle.reject(unreachable());
    await expect.poll(() => sent.length).toBe(2);
    sent[1]?.settle.reject(unreachable());
    await flushed;
    expect(run.loggedTo).toBe(0);
    expect(warnings).toHaveLength(2);
  });
});
