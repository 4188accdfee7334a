import type { Agent } from '@parley/contract';
import { useState } from 'react';
import { readLocal, writeLocal } from '../lib/local-store.ts';

const storedAt = 'parley.agent';

/** The agent of the next chat: the one chosen last, else the first. */
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
