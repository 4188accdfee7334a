import { isCancel, select } from '@clack/prompts';
import type { Agent } from '@parley/contract';
import { CliError, interrupted, usageError } from '../cli-error.ts';
import type { Session } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';

/**
 * The agent of a new chat: the one that is asked for, by id or name; else the only one; else the one that a person chooses.
 *
 * @throws CliError when there is none, or nobody to choose
 */
export async function chooseAgent({ parley, terminal }: Session, wanted: string | undefined): Promise<Agent> {
  const { agents } = await parley.trpc.agent.list.query({});
  const [first, ...others] = agents;
  if (!first)
    throw new CliError('The team has no agent yet. Make one: parley agents create', exitCodes.notFound);
  if (wanted !== undefined) return agentOf(agents, wanted);
  if (others.length === 0) return first;
  if (!terminal.isInteractive) {
    const names = agents.map(({ name }) => name).join(', ');
    throw usageError(`There are several agents (${names}): name one with --agent.`);
  }
  const options = agents.map((agent) => ({
    value: agent,
    label: agent.name,
    hint: agent.description ?? agent.type,
  }));
  const chosen = await select({ message: 'With whom?', options });
  if (isCancel(chosen)) throw interrupted();
  return chosen;
}

function agentOf(agents: readonly Agent[], wanted: string): Agent {
  const found = agents.filter(({ id, name }) => id === wanted || name.toLowerCase() === wanted.toLowerCase());
  const [only, another] = found;
  if (only && !another) return only;
  if (another)
    throw usageError(`Several agents are called ${wanted}: use the id that \`parley agents list\` shows.`);
  throw new CliError(`There is no agent ${wanted}. See \`parley agents list\`.`, exitCodes.notFound);
}
