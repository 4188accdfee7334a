import type { Parley } from '@parley/client';
import type { Env } from './env.ts';
import { type Access, type GlobalOptions, openParley, resolveAccess } from './session.ts';
import type { Terminal } from './terminal.ts';

/** The environment and the terminal of a command. */
export interface CommandContext {
  readonly env: Env;
  readonly terminal: Terminal;
}

/** The context of a command that calls the server. */
export interface Session extends CommandContext {
  readonly parley: Parley;
  readonly access: Access;
}

/** Runs a command with the user's credentials, and closes the client afterwards. */
export async function withSession<Result>(
  context: CommandContext,
  options: GlobalOptions,
  act: (session: Session) => Promise<Result>,
): Promise<Result> {
  const access = await resolveAccess(options, context.env);
  const parley = openParley(access);
  try {
    return await act({ ...context, parley, access });
  } finally {
    parley.close();
  }
}

/**
 * Runs a command with a result. With `--json` it prints the result as one JSON value, otherwise `show` prints
 * it.
 */
export async function withResult<Answer>(
  context: CommandContext,
  options: GlobalOptions,
  ask: (session: Session) => Promise<Answer>,
  show: (answer: Answer, terminal: Terminal) => void,
): Promise<void> {
  const answer = await withSession(context, options, ask);
  if (options.json) context.terminal.print(JSON.stringify(answer));
  else show(answer, context.terminal);
}
