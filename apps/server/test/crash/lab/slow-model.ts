import { setTimeout as delay } from 'node:timers/promises';
import { type ScriptedCall, startScriptedModel } from '@parley/agent/testing';
import type { ObservedCall } from '../judge/history.ts';
import { questionOf } from '../judge/to-history.ts';
import type { Random } from '../random.ts';

/** A slow model that records every call, and answers each with a different text. */
export interface SlowModel {
  readonly port: number;
  readonly calls: readonly ObservedCall[];
  /** Settles when a call of this server is held in the middle of its answer, the one after `passes` others. */
  hold(server: string, passes: number): Promise<void>;
  /** Releases a held call, and holds no more. */
  proceed(): void;
  /** Settles when the model was called this many times. */
  called(times: number): Promise<void>;
  /** Settles when a message arrives for the second time: another server has taken its turn over. */
  calledAgain(): Promise<void>;
  /** Settles when no call is being answered. */
  quiet(): Promise<void>;
  stop(): Promise<void>;
}

type Mutable<Fields> = { -readonly [Name in keyof Fields]: Fields[Name] };

/** Words of one, two, three and four bytes; the last are surrogate pairs, which an offset must not split. */
const WORDS = ['ja', 'grün', '言葉', '🙂', 'ok', 'naïve', '𝛼𝛽', 'so', 'weiter', '…'];
const KEY_PREFIX = 'server-';

/** A server's calls are identified by the key that it was given. */
export function modelKeyOf(server: string): string {
  return `${KEY_PREFIX}${server}`;
}

/** An answer of a few pieces takes some tenths of a second. */
export const USUAL_PACE: ModelPace = { pieces: [6, 14], pauseMs: [4, 30] };

/** `pieces` is the maximum number of pieces of an answer, `pauseMs` the time between two. */
export interface ModelPace {
  readonly pieces: readonly [number, number];
  readonly pauseMs: readonly [number, number];
}

export async function startSlowModel(random: Random, pace: ModelPace): Promise<SlowModel> {
  const scripted = await startScriptedModel();
  const calls: Mutable<ObservedCall>[] = [];
  const running = new Set<Promise<void>>();
  const waitingAgain: (() => void)[] = [];
  const waiting: { times: number; resolve: () => void }[] = [];
  let armed: { server: string; passes: number; held: () => void } | undefined;
  let gate = Promise.withResolvers<void>();

  const passMiddle = async (call: ScriptedCall, server: string) => {
    if (armed?.server !== server || armed.passes-- > 0) return;
    armed.held();
    armed = undefined;
    await Promise.race([gate.promise, call.aborted]);
  };
  const answer = async (call: ScriptedCall) => {
    const number = calls.length + 1;
    const own = random.fork(`${number}`);
    const words = Array.from({ length: own.between(...pace.pieces) }, () => `${own.pick(WORDS)} `);
    // The number comes first: no other answer begins with it, so a stale one is recognized.
    const pieces = [`«${number}» `, ...words];
    const server = serverOf(call);
    const isAgain = calls.some(({ context }) => questionOf(context) === questionOf(call.body.messages));
    const context = call.body.messages;
    const times = { from: Date.now(), to: Number.POSITIVE_INFINITY, isCut: false };
    const observed = { number, server, context, text: pieces.join(''), ...times };
    calls.push(observed);
    void call.closed.then(() => {
      observed.to = Date.now();
      observed.isCut = call.isAborted;
    });
    for (const { times, resolve } of waiting) if (times <= calls.length) resolve();
    if (isAgain) for (const resolve of waitingAgain.splice(0)) resolve();
    for (const [index, piece] of pieces.entries()) {
      if (index === pieces.length >> 1) await passMiddle(call, server);
      if (call.isAborted) return;
      call.text(piece);
      await delay(own.between(...pace.pauseMs));
    }
    call.finish();
  };
  scripted.replyAlways((call) => {
    const answered = Promise.race([answer(call), call.closed]).finally(() => running.delete(answered));
    running.add(answered);
    return answered;
  });

  return {
    port: Number(new URL(scripted.baseUrl).port),
    calls,
    hold: (server, passes) => new Promise((held) => (armed = { server, passes, held })),
    proceed() {
      armed = undefined;
      gate.resolve();
      gate = Promise.withResolvers();
    },
    called: (times) =>
      new Promise((resolve) => {
        if (calls.length >= times) resolve();
        else waiting.push({ times, resolve });
      }),
    calledAgain: () => new Promise((resolve) => waitingAgain.push(resolve)),
    async quiet() {
      while (running.size > 0) await Promise.all(running);
    },
    stop: () => scripted.stop(),
  };
}

function serverOf({ headers }: ScriptedCall): string {
  return headers.authorization?.replace(`Bearer ${KEY_PREFIX}`, '') ?? '';
}
