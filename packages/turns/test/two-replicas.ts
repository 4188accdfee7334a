import type { Id } from '@parley/contract';
import type { Harness, Replica } from './harness.ts';
import { SteppedAgent } from './stepped-agent.ts';

/** Log writes and checks of marks happen as often as the machine allows, and no turn is taken over. */
export const eagerBounds = { tickMs: 5, leaseMs: 3_600_000 };

export interface TwoReplicas {
  readonly agent: SteppedAgent;
  /** The process that runs the messages it accepts, and the messages behind them. */
  readonly owner: Replica;
  /** A process without a slot by default: it accepts, reads and cancels turns that run elsewhere. */
  readonly other: Replica;
}

export function startTwo(harness: Harness, otherSlots = 0): TwoReplicas {
  const agent = new SteppedAgent();
  const { runAgent } = agent;
  const owner = harness.startReplica({ bounds: eagerBounds, runAgent });
  const other = harness.startReplica({ bounds: { ...eagerBounds, runningTurnsMax: otherSlots }, runAgent });
  return { agent, owner, other };
}

/** Accepts a message, by default in a new chat, and returns the address of its answer. */
export async function begin(harness: Harness, replica: Replica, content: string, chat?: Id<'chat'>) {
  const place = chat ?? (await harness.newChat());
  const { answerId } = await replica.turns.accept(harness.scope, { chat: place, content });
  return { chat: place, answerId };
}
