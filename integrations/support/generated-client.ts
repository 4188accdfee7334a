import { expect } from 'vitest';
import { startHarness } from '../../apps/server/test/harness.ts';
import type { CommandResult } from './project.ts';
import { succeeded } from './project.ts';

/** A server with a team, and the settings of the programs with the generated clients. */
export async function startTeamServer() {
  const { url, makeTeam, model } = await startHarness({ toolAddresses: { arePrivateAllowed: true } });
  const team = await makeTeam();
  return {
    ...{ team, model },
    env: { PARLEY_URL: url, PARLEY_KEY: team.secretKey, PARLEY_AGENT: team.agent.id },
  };
}

/** All programs do the same six things, and print the same. */
export function expectSixOperations(result: CommandResult): void {
  expect(succeeded(result).stdout.trim().split('\n')).toEqual([
    'completed: You said: What can you do?',
    'user, assistant',
    'listed: true',
    'What can you do?: 2 messages',
    'deleted: chat_not_found',
  ]);
}

/** The behavior of a program with a wrong key: it ends, and prints the error's message and code. */
export function expectRejected(result: CommandResult): void {
  expect(result.code).not.toBe(0);
  expect(result.stdout).toBe('');
  expect(result.stderr).toContain('A valid API key is required');
  expect(result.stderr).toContain('(unauthorized)');
}
