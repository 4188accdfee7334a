import { answerQuestions } from '../lab/answer-questions.ts';
import { type Beside, startBeside } from './beside.ts';
import { type OpenStreams, openStreams } from './open-streams.ts';
import { operations } from './operations.ts';
import { runTasks } from './run-tasks.ts';
import type { Load, Round, Target } from './task.ts';

/*
 * The load generator. A round is prepared first (the chats it works on are made, through the target's own
 * transport), then run: only the run is measured. What must be true afterwards is checked last.
 */

let prepared: { readonly target: Target; readonly load: Load; readonly round: Round } | undefined;
let open: OpenStreams | undefined;
let stopBeside: (() => Promise<void>) | undefined;

function current() {
  if (!prepared) throw new Error('nothing is prepared');
  return prepared;
}

answerQuestions({
  prepare: async ({ target, load }: { target: Target; load: Load }) => {
    prepared = { target, load, round: await operations[load.operation](target, load) };
  },
  run: () => {
    const { target, load, round } = current();
    return round.run?.() ?? runTasks(target, round, load.concurrency);
  },
  /** Instead of a run: begins all calls, which must be streams, and leaves them open. */
  open: async () => {
    const { target, round } = current();
    open = await openStreams(target, round);
  },
  finish: () => open?.finish(),
  /** Begins the work beside the load of another generator. */
  'start-beside': (beside: Beside) => {
    stopBeside = startBeside(beside);
  },
  'stop-beside': () => stopBeside?.(),
  verify: async () => {
    const { target, load, round } = current();
    prepared = undefined;
    await runTasks(target, { tasks: round.afterwards?.() ?? [] }, load.concurrency);
  },
});
