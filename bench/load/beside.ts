import { attack } from '../../integrations/scenarios/hostile-address.ts';
import { askAt } from '../script.ts';
import { readLargeLists } from './read-large-lists.ts';
import type { Target } from './task.ts';

/** A load that runs beside the measured one. */
export type Beside =
  | {
      readonly kind: 'hostile-address';
      readonly url: string;
      readonly publicUrl: string;
      readonly agentId: string;
      readonly address: string;
    }
  | { readonly kind: 'large-lists'; readonly target: Target; readonly lists: readonly LargeList[] };

/** A list that is as long as lists are. */
export interface LargeList {
  readonly path: string;
  /** The minimum size of its response. */
  readonly bytesMin: number;
}

/** Starts it; the answer ends it, and rejects when it was not what it should have been. */
export function startBeside(beside: Beside): () => Promise<void> {
  const over = new AbortController();
  const done =
    beside.kind === 'large-lists' ? readLargeLists(beside, over.signal) : harass(beside, over.signal);
  // Looked at when it is over, and not before.
  done.catch(() => undefined);
  return async () => {
    over.abort();
    await done;
  };
}

/** @throws Error when the server let it have all it asked for, or broke */
async function harass(
  beside: Extract<Beside, { kind: 'hostile-address' }>,
  signal: AbortSignal,
): Promise<void> {
  const { address, ...target } = beside;
  const message = askAt('hanging', 'And keep me waiting.');
  const statuses = await attack({ ...target, message }, address, signal);
  const isHeldBack = statuses.has(429) && [...statuses.keys()].every((status) => status < 500);
  if (!isHeldBack || !statuses.has(200)) {
    throw new Error(`The hostile address was answered ${JSON.stringify([...statuses])}.`);
  }
}
