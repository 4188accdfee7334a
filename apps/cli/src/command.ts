import type { Parley } from '@parley/client';
import type { Env } from './env.ts';
import { type Access, findAccess, type GlobalOptions, openParley } from './session.ts';
import type { Terminal } from './terminal.ts';

/** What a command has around it. */
export interface World {
  readonly env: Env;
  readonly terminal: Terminal;
}

/** What a command of somebody who is logged in has. */
export interface Session extends World {
  readonly parley: Parley;
  readonly access: Access;
}

/** Runs a command as whoever is logged in; the client ends with it. */
export async function withSession<Result>(
  world: World,
  options: GlobalOptions,
  act: (session: Session) => Promise<Result>,
): Promise<Result> {
  const access = await findAccess(options, world.env);
  const parley = openParley(access);
  try {
    return await act({ ...world, parley, access });
  } finally {
    parley.close();
  }
}

/**
 * Runs a command that answers something: one JSON value on standard output with `--json`, else what `show` makes of it.
 */
export async function answering<Answer>(
  world: World,
  options: GlobalOptions,
  ask: (session: Session) => Promise<Answer>,
  show: (answer: Answer, terminal: Terminal) => void,
): Promise<void> {
  const answer = await withSession(world, options, ask);
  if (options.json) world.terminal.print(JSON.stringify(answer));
  else show(answer, world.terminal);
}
