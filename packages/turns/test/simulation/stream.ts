import { ApiError } from '@parley/contract';
import type { TurnsById } from '../../src/testing/index.ts';
import type { Replica } from './replica.ts';
import type { World } from './world.ts';

/** The end of a stream: its server ended it, its reader was cut off, or it was rejected. */
export type StreamEnd = 'over' | 'cut' | ApiError;

/** The reason of an abort. Without a reason, an abort would create an error with a stack trace. */
const CUT = Symbol('cut');
/** The number of the server's last events that a reader may miss when it is cut off. */
const MISSED_MAX = 2;

export interface Stream<Event> {
  readonly events: Event[];
  readonly end: Promise<StreamEnd>;
  /** The reader disconnects. */
  cut(): void;
}

/**
 * Opens a stream of a process and collects its events. The process serves it like a transport: one event after the
 * other at the pace of the reader, until the reader disconnects or the process dies.
 */
export function openStream<Event>(
  world: World,
  replica: Replica,
  open: (turns: TurnsById, signal: AbortSignal) => Promise<AsyncGenerator<Event, void, undefined>>,
): Stream<Event> {
  const { process, turns } = replica;
  const { random } = world;
  const events: Event[] = [];
  const abort = new AbortController();
  const { promise: end, resolve } = Promise.withResolvers<StreamEnd>();
  let isCut = false;
  const cut = () => {
    if (isCut) return;
    isCut = true;
    events.splice(events.length - random.integer(0, Math.min(MISSED_MAX, events.length)));
    resolve('cut');
    process.after(random.skewed(0, 500), () => abort.abort(CUT));
  };
  const pauseMaxMs = random.chance(0.2) ? 500 : 0;
  const serve = async () => {
    for await (const event of await open(turns, abort.signal)) {
      if (isCut) break;
      events.push(event);
      if (pauseMaxMs > 0) await process.clock.sleep(random.skewed(0, pauseMaxMs));
    }
  };
  process.onDeath(cut);
  process.after(random.skewed(0, 20), () => {
    serve().then(
      () => settle('over'),
      (error: unknown) => {
        if (error instanceof ApiError) return settle(error);
        world.offend(`${process.name} broke a stream off: ${error instanceof Error ? error.stack : error}`);
        settle('over');
      },
    );
  });
  const settle = (how: StreamEnd) => {
    if (isCut) return;
    isCut = true;
    resolve(how);
  };
  return { events, end, cut };
}

/** Cuts some streams at random times while faults happen. */
export function cutSometime(world: World, { cut }: Stream<unknown>, probability: number): void {
  if (!world.random.chance(probability)) return;
  world.scheduler.after(world.random.skewed(0, world.plan.activeMs / 2), () => {
    if (world.isStormy) cut();
  });
}
