import { beginAuditedAction } from '@parley/api/operator';
import { ApiError, type Id, isId } from '@parley/contract';
import type { AuditDetails, Database, Stores } from '@parley/db';
import { z } from 'zod';
import { readEnv } from '../env.ts';
import { joinDatabase } from '../open-database.ts';

/** Prints a line for people, to standard error. */
export const say = (line: string) => process.stderr.write(`${line}\n`);

/** Runs a verb with the stores, and prints its answer as JSON. Uses the database of the running server, or starts it. */
export async function act(verb: (stores: Stores) => Promise<object>): Promise<void> {
  await withStores(async (stores) => {
    process.stdout.write(`${JSON.stringify(await verb(stores))}\n`);
  });
}

/** The result of an act: the answer that is printed, and what the audit log says of it. */
interface ActResult {
  readonly answer: object;
  readonly target: string;
  readonly details?: AuditDetails;
}

/** Runs an act on a team, and prints its answer as JSON. The act is in the team's audit log before it begins. */
export async function actOn(
  {
    team,
    action,
    target: known,
  }: { readonly team: string; readonly action: string; readonly target?: string },
  verb: (stores: Stores, scope: { readonly team: Id<'team'> }) => Promise<ActResult>,
): Promise<void> {
  await act(async (stores) => {
    const scope = await scopeOf(stores, team);
    const end = await beginAuditedAction(stores.audit, scope, {
      actor: { kind: 'admin' },
      action,
      ...(known !== undefined && { target: known }),
    });
    try {
      const { answer, target, details } = await verb(stores, scope);
      await end({ target, details });
      return answer;
    } catch (error) {
      if (error instanceof ApiError) await end(error);
      throw error;
    }
  });
}

/** Opens the database for as long as `use` takes. */
export async function withStores(use: (stores: Stores) => Promise<void>): Promise<void> {
  await withDatabase(({ stores }) => use(stores));
}

/** Opens the database for as long as `use` takes, for commands about the database itself. */
export async function withDatabase(use: (database: Database) => Promise<void>): Promise<void> {
  const { database, close } = await joinDatabase(readEnv(), say);
  try {
    await use(database);
  } finally {
    await close();
  }
}

/**
 * Returns the scope of a team.
 *
 * @throws Error with a sentence for the operator if there is no such team
 */
export async function scopeOf(stores: Stores, team: string) {
  if (!isId('team', team) || !(await stores.teams.exists(team))) throw new Error(`There is no team ${team}.`);
  return { team };
}

/** Returns the text of an error for the operator: one line for each problem. */
export function messageOf(error: unknown): string {
  if (error instanceof z.ZodError) {
    return error.issues.map(({ path, message }) => `${path.join('.') || 'value'}: ${message}`).join('\n');
  }
  if (error instanceof ApiError && error.facts.issues) {
    return error.facts.issues.map(({ path, message }) => `${path}: ${message}`).join('\n');
  }
  return error instanceof Error ? error.message : String(error);
}
