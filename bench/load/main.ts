import { answerQuestions } from '../lab/answer-questions.ts';
import { operations } from './operations.ts';
import { runTasks } from './run-tasks.ts';
import type { Load, Target, Task } from './task.ts';

/*
 * The load generator. A round is prepared first (the chats it works on are made, through the target's own
 * door), then run: only the run is measured.
 */

let prepared: { readonly target: Target; readonly load: Load; readonly tasks: readonly Task[] } | undefined;

answerQuestions({
  prepare: async ({ target, load }: { target: Target; load: Load }) => {
    prepared = { target, load, tasks: await operations[load.operation](target, load) };
  },
  run: async () => {
    if (!prepared) throw new Error('nothing is prepared');
    const { target, load, tasks } = prepared;
    prepared = undefined;
    return runTasks(target, tasks, load.concurrency);
  },
});
