import type { Harm, SentMessage } from '../judge/history.ts';
import type { Lab } from '../lab/lab.ts';
import type { Cell } from '../matrix.ts';
import type { Random } from '../random.ts';
import { type CellResult, resultOf } from './cell-result.ts';
import { checkDeletion, type Deletion, deleteWhileWriting } from './deletions.ts';
import { promisesOf } from './promises.ts';
import { Scene } from './scene.ts';
import { strike } from './strike.ts';
import { writeMessages } from './writers.ts';

export interface CellSize {
  readonly turns: number;
  /** How often the harm is done; the turns are spread over the times. */
  readonly strikes: number;
}

/** People at once in each chat. */
const PEOPLE = [1, 2, 1, 2] as const;

/** Runs one cell: people write, a chat is deleted, harm is done, all settles, and what was seen is judged. */
export async function runCell(lab: Lab, cell: Cell, size: CellSize, random: Random): Promise<CellResult> {
  const scene = await Scene.open(lab, PEOPLE.length, random);
  const messages: SentMessage[] = [];
  const harms: Harm[] = [];
  const deletions: Deletion[] = [];
  const count = Math.ceil(size.turns / size.strikes / PEOPLE.length);
  for (let round = 1; round <= size.strikes; round++) {
    const isOver = new AbortController();
    const writing = scene.chats.map((chat, index) => {
      const name = `${cell.name}/chat-${index + 1}/round-${round}`;
      return writeMessages(lab, { chat, name, count, people: PEOPLE[index] ?? 1 }, random.fork(name));
    });
    const name = `${cell.name}/deleted/round-${round}`;
    const deleting = deleteWhileWriting(lab, name, random.fork(name));
    const written = Promise.all(writing).finally(() => isOver.abort());
    const [sent, harm, deletion] = await Promise.all([
      written,
      strike(lab, cell, random, isOver.signal),
      deleting,
    ]);
    deletions.push(deletion);
    messages.push(...sent.flat());
    if (harm) harms.push(harm);
  }
  const observed = await scene.end(messages);
  const ofDeletions = await Promise.all(deletions.map((deletion) => checkDeletion(lab, deletion)));
  const troubles = [...observed.troubles, ...ofDeletions.flat()];
  const promises = promisesOf(cell.fault, lab, harms.length);
  return resultOf(cell.name, { ...observed, troubles, harms, promises }, size.strikes);
}
