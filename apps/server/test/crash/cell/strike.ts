import type { Harm } from '../judge/history.ts';
import type { Lab } from '../lab/lab.ts';
import type { Cell } from '../matrix.ts';
import type { Random } from '../random.ts';

/** The number of turns that may pass the point before one is held there. */
const PASSES_MAX = 1;

/**
 * Waits until a server is held at the cell's point and injects the fault. Settles when everything works again, with
 * the duration; with undefined when `isOver` aborts before a server reached the point.
 */
export async function strike(
  lab: Lab,
  { point, fault }: Cell,
  random: Random,
  isOver: AbortSignal,
): Promise<Harm | undefined> {
  const site = random.pick(lab.sites);
  const over = Promise.withResolvers<false>();
  isOver.addEventListener('abort', () => over.resolve(false), { once: true });
  const held = lab.arm(site, point, random.between(0, PASSES_MAX)).then(() => true);
  try {
    if (!(await Promise.race([held, over.promise]))) return undefined;
    const from = Date.now();
    await fault.strike({ lab, site, random });
    await lab.ready();
    const harm = { from, to: Date.now(), holdsUpTurns: fault.holdsUpTurns };
    lab.harms.push(harm);
    return harm;
  } finally {
    lab.proceed();
  }
}
