import type { Agent } from '@parley/contract';
import { useState } from 'react';
import { readLocal, writeLocal } from '../lib/local-store.ts';

const storedAt = 'parley.agent';

/**
 * Returns the agent of the next chat (the last chosen one, otherwise the first) and a function to choose
 * another.
 */
export function useAgentChoice(
  agents: readonly Agent[],
): readonly [agent: Agent | undefined, choose: (agentId: string) => void] {
  const [chosenId, setChosenId] = useState(() => readLocal(storedAt));
  const choose = (agentId: string) => {
    setChosenId(agentId);
    writeLocal(storedAt, agentId);
  };
  return [agents.find(({ id }) => id === chosenId) ?? agents[0], choose];
}
