import { setTimeout as delay } from 'node:timers/promises';
import { readApiError } from '../clients/api-errors.ts';
import type { Lab } from '../lab/lab.ts';
import { GIVE_UP_MS } from './request-until-done.ts';

const PAUSE_MS = 100;
const ATTEMPT_MS = 5_000;

/** Settles when every server accepts these credentials. Throws a sentence if one does not. */
export async function untilAccepted(lab: Lab, headers: Readonly<Record<string, string>>): Promise<void> {
  const rejections = await rejectionsOf(lab, headers);
  if (rejections.length > 0) throw new Error(rejections.join('; '));
}

/** Asks every server with these credentials until it accepts them. Returns what the others answered in the end. */
export async function rejectionsOf(
  { sites, accessEndsWithinMs }: Pick<Lab, 'sites' | 'accessEndsWithinMs'>,
  headers: Readonly<Record<string, string>>,
): Promise<string[]> {
  const giveUpAt = performance.now() + accessEndsWithinMs + GIVE_UP_MS;
  const rejections = sites.map(async ({ slot }) => {
    for (;;) {
      const outcome = await tryWith(slot.url, headers);
      if (outcome === 'success') return [];
      if (performance.now() > giveUpAt) return [`server ${slot.name} answered ${outcome}`];
      await delay(PAUSE_MS);
    }
  });
  return (await Promise.all(rejections)).flat();
}

async function tryWith(url: string, headers: Readonly<Record<string, string>>): Promise<string> {
  try {
    const response = await fetch(`${url}/chat?limit=1`, { headers, signal: AbortSignal.timeout(ATTEMPT_MS) });
    if (!response.ok) return (await readApiError(response)).code;
    await response.arrayBuffer();
    return 'success';
  } catch (error) {
    return String(error);
  }
}
