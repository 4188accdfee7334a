import { isCancel, select } from '@clack/prompts';
import type { Agent } from '@parley/contract';
import { CliError, interrupted, usageError } from '../cli-error.ts';
import type { Session } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';

/**
 * Returns the agent for a new chat: the one named by id or name, otherwise the only one, otherwise the one
 * that the user chooses.
 *
 * @throws CliError if there is no agent, or several and no terminal to choose in
 */
export async function chooseAgent({ parley, terminal }: Session, wanted: string | undefined): Promise<Agent> {
  const { agents } = await parley.trpc.agent.list.query({});
  const [first, ...others] = agents;
  if (!first)
    throw new CliError('The team has no agents yet. Create one: parley agents create', exitCodes.notFound);
  if (wanted !== undefined) return agentOf(agents, wanted);
  if (others.length === 0) return first;
  if (!terminal.isInteractive) {
    const names = agents.map(({ name }) => name).join(', ');
    throw usageError(`There are several agents (${names}). Choose one with --agent.`);
  }
  const options = agents.map((agent) => ({
    value: agent,
    label: agent.name,
    hint: agent.description ?? agent.type,
  }));
  const chosen = await select({ message: 'Choose an agent', options });
  if (isCancel(chosen)) throw interrupted();
  return chosen;
}

function agentOf(agents: readonly Agent[], wanted: string): Agent {
  const found = agents.filter(({ id, name }) => id === wanted || name.toLowerCase() === wanted.toLowerCase());
  const [only, another] = found;
  if (only && !another) return only;
  if (another) throw usageError(`Several agents are named ${wanted}. Use an id from \`parley agents list\`.`);
  throw new CliError(
    `There is no agent ${wanted}. \`parley agents list\` shows all agents.`,
    exitCodes.notFound,
  );
}
