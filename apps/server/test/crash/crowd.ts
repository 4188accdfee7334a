import type { NewKey } from '@parley/contract';
import { type CellResult, resultOf } from './cell/cell-result.ts';
import { promisesOf } from './cell/promises.ts';
import { create, Scene } from './cell/scene.ts';
import { clientOf, writeMessages } from './cell/writers.ts';
import { sendMessage } from './clients/send-message.ts';
import { kill } from './faults/server-faults.ts';
import type { Harm } from './judge/history.ts';
import type { Lab } from './lab/lab.ts';
import type { ModelPace } from './lab/slow-model.ts';
import type { Random } from './random.ts';

export const CROWD = 'crowd';

/** Answers that occupy places while others wait. */
export const CROWD_PACE: ModelPace = { pieces: [10, 16], pauseMs: [20, 60] };

/** The number of visitors of each address. One address floods the servers. */
const VISITORS = [
  ['203.0.113.1', 30],
  ['203.0.113.2', 15],
] as const;
/** Chats of the team, whose messages have reserved places. */
const TEAM_CHATS = 3;
const TEAM_MESSAGES = 4;
/** The number of answers after which a server is killed, while most messages wait. */
const CALLS_BEFORE_KILL = 8;

/**
 * More visitors write at once than may have answers, beside the team itself, and each server is killed while messages
 * wait in it: all are answered, and no bound is exceeded.
 */
export async function runCrowd(lab: Lab, random: Random): Promise<CellResult> {
  const visitors = VISITORS.flatMap(([address, count]) => Array<string>(count).fill(address));
  const scene = await Scene.open(lab, visitors.length + TEAM_CHATS, random);
  const { key } = await create<NewKey>(lab, '/key', { kind: 'publishable', access: 'open' });
  const callsBefore = lab.model.calls.length;
  const visiting = visitors.map((visitorAt, index) => {
    const content = `${CROWD}/visitor-${index + 1}`;
    const client = clientOf(lab, random.fork(content), index % lab.sites.length);
    const own = { ...client, key, headers: { 'x-forwarded-for': visitorAt }, patienceMs: lab.endWithinMs };
    const chat = scene.chats[index] ?? '';
    return sendMessage(own, { chat, content, form: index % 3 === 0 ? 'wait' : 'stream', visitorAt });
  });
  const writing = scene.chats.slice(visitors.length).map((chat, index) => {
    const name = `${CROWD}/team-${index + 1}`;
    return writeMessages(lab, { chat, name, count: TEAM_MESSAGES, people: 1 }, random.fork(name));
  });
  const harms: Harm[] = [];
  for (const [index, site] of lab.sites.entries()) {
    await lab.model.called(callsBefore + CALLS_BEFORE_KILL * (index + 1));
    const from = Date.now();
    await kill.strike({ lab, site, random });
    await lab.ready();
    harms.push({ from, to: Date.now(), holdsUpTurns: kill.holdsUpTurns });
  }
  const messages = [...(await Promise.all(visiting)), ...(await Promise.all(writing)).flat()];
  const observed = await scene.end(messages);
  const { load, ...promises } = promisesOf(kill, lab, harms.length);
  const waiting = load && { load: { ...load, visitorWaitMs: visitors.length * lab.answerMsMax } };
  return resultOf(CROWD, { ...observed, harms, promises: { ...promises, ...waiting } }, lab.sites.length);
}
