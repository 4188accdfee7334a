import { type CellResult, resultOf } from './cell/cell-result.ts';
import { promisesOf } from './cell/promises.ts';
import { Scene } from './cell/scene.ts';
import { clientOf } from './cell/writers.ts';
import { sendMessage } from './clients/send-message.ts';
import { terminate } from './faults/server-faults.ts';
import type { Harm } from './judge/history.ts';
import type { Lab } from './lab/lab.ts';
import type { ModelPace } from './lab/slow-model.ts';
import type { Random } from './random.ts';

export const ROLLING_RESTART = 'rolling-restart';

/** Answers that take longer than the restart of one server. */
export const ROLLING_PACE: ModelPace = { pieces: [60, 90], pauseMs: [30, 50] };

const STREAMS = 50;

/**
 * Restarts both servers, one after the other, as a deployment does, while an answer is streamed to each of 50 users:
 * nothing is lost, and nothing is shown twice.
 */
export async function runRollingRestart(lab: Lab, random: Random): Promise<CellResult> {
  const callsBefore = lab.model.calls.length;
  const scene = await Scene.open(lab, STREAMS, random);
  const reading = Promise.all(
    scene.chats.map((chat, index) => {
      const content = `${ROLLING_RESTART}/chat-${index + 1}`;
      const client = clientOf(lab, random.fork(content), index % lab.sites.length);
      return sendMessage(client, { chat, content, form: 'stream' });
    }),
  );
  await lab.model.called(callsBefore + STREAMS);
  const harms: Harm[] = [];
  for (const site of lab.sites) {
    const from = Date.now();
    await terminate.strike({ lab, site, random });
    await lab.ready();
    harms.push({ from, to: Date.now(), holdsUpTurns: terminate.holdsUpTurns });
  }
  const observed = await scene.end(await reading);
  const promises = promisesOf(terminate, lab, harms.length);
  return resultOf(ROLLING_RESTART, { ...observed, harms, promises }, lab.sites.length);
}
