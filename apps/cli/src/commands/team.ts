import type { Team } from '@parley/contract';
import { type Command, InvalidArgumentError } from 'commander';
import { type CommandContext, withResult } from '../command.ts';
import { printTable } from '../print/table.ts';
import type { GlobalOptions } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { wholeNumber } from './whole-number.ts';

type Limit = number | 'none';

interface UpdateOptions extends GlobalOptions {
  readonly name?: string;
  readonly tokensPerDay?: Limit;
  readonly tokensPerDayPerUser?: Limit;
  readonly concurrentTurns?: Limit;
}

/** Adds `parley team`. All its commands need a secret key. */
export function teamCommand(program: Command, context: CommandContext): void {
  const team = program.command('team').description('show and change the team (needs a secret key)');

  team
    .command('show')
    .description('show the team and its limits')
    .action((_, command: Command) =>
      withResult(
        context,
        command.optsWithGlobals(),
        ({ parley }) => parley.trpc.team.get.query({}),
        printTeam,
      ),
    );

  team
    .command('update')
    .description('change the given settings of the team; "none" removes a limit')
    .option('--name <name>', 'the display name')
    .option('--tokens-per-day <number>', 'the tokens that the whole team may use in a day', limit)
    .option('--tokens-per-day-per-user <number>', 'the tokens that one user may use in a day', limit)
    .option('--concurrent-turns <number>', 'the maximum number of unfinished answers', limit)
    .action((_, command: Command) => {
      const options = command.optsWithGlobals<UpdateOptions>();
      const { name, tokensPerDay, tokensPerDayPerUser, concurrentTurns } = options;
      return withResult(
        context,
        options,
        ({ parley }) =>
          parley.trpc.team.update.mutate({
            name,
            tokensPerDay: orNull(tokensPerDay),
            tokensPerDayPerUser: orNull(tokensPerDayPerUser),
            concurrentTurns: orNull(concurrentTurns),
          }),
        printTeam,
      );
    });
}

/** Parses a limit. Commander replaces a parsed null by an empty text, so "none" stays as it is. */
function limit(text: string): Limit {
  if (text === 'none') return text;
  try {
    return wholeNumber(text);
  } catch {
    throw new InvalidArgumentError('Use a whole number, or "none".');
  }
}

/** Returns null for "none", which removes the limit. */
function orNull(given: Limit | undefined): number | null | undefined {
  return given === 'none' ? null : given;
}

function printTeam(team: Team, terminal: Terminal): void {
  printTable(
    terminal,
    [team],
    [
      ['ID', ({ id }) => id],
      ['NAME', ({ name }) => name],
      ['TOKENS PER DAY', ({ tokensPerDay }) => tokensPerDay],
      ['PER USER', ({ tokensPerDayPerUser }) => tokensPerDayPerUser],
      ['CONCURRENT TURNS', ({ concurrentTurns }) => concurrentTurns],
    ],
  );
}
