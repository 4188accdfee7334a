import type { Command } from 'commander';
import { type CommandContext, type Session, withResult } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { timestamp } from '../print/timestamp.ts';
import type { GlobalOptions } from '../session.ts';
import type { Terminal } from '../terminal.ts';

/** Adds `parley users`. All its commands need a secret key. */
export function usersCommand(program: Command, context: CommandContext): void {
  const users = program
    .command('users')
    .description('block, sign out and delete users of the team (needs a secret key)');

  add(users, context, 'block', 'reject all requests of a user until they are unblocked', {
    question: (userId) => `Block ${userId}?`,
    change: ({ parley }, userId) => parley.trpc.user.block.mutate({ userId }),
    show: ({ userId, blockedAt }, terminal) =>
      terminal.say(`${userId} is blocked since ${timestamp(blockedAt)} UTC.`),
  });
  add(users, context, 'unblock', 'accept requests of a user again', {
    async change({ parley }, userId) {
      await parley.trpc.user.unblock.mutate({ userId });
      return { userId, isBlocked: false };
    },
    show: ({ userId }, terminal) => terminal.say(`${userId} is not blocked.`),
  });
  add(users, context, 'sign-out', 'reject the tokens that a user has now', {
    question: (userId) => `Sign ${userId} out on all devices?`,
    change: ({ parley }, userId) => parley.trpc.user.signOut.mutate({ userId }),
    show: ({ userId }, terminal) => terminal.say(`${userId} is signed out.`),
  });
  add(users, context, 'delete', 'delete a user with all their chats, permanently', {
    question: (userId) => `Delete ${userId} with all their chats?`,
    change: ({ parley }, userId) => parley.trpc.user.delete.mutate({ userId }),
    show: ({ status }, terminal) =>
      terminal.say(status === 'done' ? 'The user is deleted.' : 'The data of the user is being removed.'),
  });
}

interface UserCommand<Answer> {
  /** The question to confirm; without one the command asks nothing. */
  readonly question?: (userId: string) => string;
  readonly change: (session: Session, userId: string) => Promise<Answer>;
  readonly show: (answer: Answer, terminal: Terminal) => void;
}

function add<Answer>(
  users: Command,
  context: CommandContext,
  name: string,
  description: string,
  { question, change, show }: UserCommand<Answer>,
): void {
  const command = users.command(name).argument('<userId>').description(description);
  if (question) command.option('--yes', 'do not ask for confirmation');
  command.action((userId: string, _, run: Command) => {
    const options = run.optsWithGlobals<GlobalOptions & { yes?: true }>();
    const ask = async (session: Session) => {
      if (question) await confirmed(session.terminal, question(userId), options.yes);
      return change(session, userId);
    };
    return withResult(context, options, ask, show);
  });
}
