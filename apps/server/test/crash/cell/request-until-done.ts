import { setTimeout as delay } from 'node:timers/promises';
import { request } from '../clients/client.ts';
import type { Interval } from '../judge/history.ts';
import type { Lab } from '../lab/lab.ts';
import type { Random } from '../random.ts';
import { clientOf } from './writers.ts';

/** A request that changes something for the team. */
export interface Act {
  readonly method: 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: object;
  /** Beside the team's key, or in its place. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An acknowledged act. Earlier attempts without a response may also have taken effect, or may still do so. */
export interface DoneAct extends Interval {
  readonly tries: number;
  readonly answer: unknown;
}

const PAUSE_MS = 100;
/** After the promised time, acts that have not happened are judged as not done. */
export const GIVE_UP_MS = 30_000;

/**
 * Asks one server after the other until one has done it. Undefined if none did. An earlier attempt without a response
 * may have removed an object that a later one does not find.
 */
export async function requestUntilDone(
  lab: Lab,
  { path, ...act }: Act,
  random: Random,
): Promise<DoneAct | undefined> {
  const client = clientOf(lab, random, random.between(0, lab.sites.length - 1));
  const from = Date.now();
  const giveUpAt = performance.now() + GIVE_UP_MS;
  for (let tries = 1; performance.now() < giveUpAt; tries++) {
    const url = `${client.servers[tries % client.servers.length]?.url}${path}`;
    const done = await request(client, url, act, async (response) => {
      const text = await response.text();
      const isDeleted = act.method === 'DELETE' && tries > 1 && response.status === 404;
      if (isDeleted) return { answer: undefined };
      return response.ok ? { answer: text === '' ? undefined : (JSON.parse(text) as unknown) } : undefined;
    });
    if (done) return { from, to: Date.now(), tries, ...done };
    await delay(PAUSE_MS);
  }
  return undefined;
}
