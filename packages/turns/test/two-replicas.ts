import type { Id } from '@parley/contract';
import type { Harness, Replica } from './harness.ts';
import { SteppedAgent } from './stepped-agent.ts';

/** The log is written, and marks are looked at, as often as the machine allows; nobody takes anything over. */
export const eagerBounds = { tickMs: 5, leaseMs: 3_600_000 };

export interface TwoReplicas {
  readonly agent: SteppedAgent;
  /** Runs what is sent to it, and what waits behind that. */
  readonly owner: Replica;
  /** Has no slot unless told otherwise: it accepts, reads and cancels what runs elsewhere. */
  readonly other: Replica;
}

export function startTwo(harness: Harness, otherSlots = 0): TwoReplicas {
  const agent = new SteppedAgent();
  const { runAgent } = agent;
  const owner = harness.startReplica({ bounds: eagerBounds, runAgent });
  const other = harness.startReplica({ bounds: { ...eagerBounds, runningTurnsMax: otherSlots }, runAgent });
  return { agent, owner, other };
}

/** Has a message accepted, in a chat of its own unless told otherwise; answers where its answer is read. */
export async function begin(harness: Harness, replica: Replica, content: string, chat?: Id<'chat'>) {
  const place = chat ?? (await harness.newChat());
  const { answerId } = await replica.turns.accept(harness.scope, { chat: place, content });
  return { chat: place, answerId };
}
