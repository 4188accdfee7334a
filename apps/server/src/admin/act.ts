import { beginAct, createdIdOf, keyLimitsOf } from '@parley/api';
import { ApiError, type Id, isId } from '@parley/contract';
import type { Database, Stores } from '@parley/db';
import { z } from 'zod';
import { readEnv } from '../env.ts';
import { joinDatabase } from '../open-database.ts';

/** Everything for people goes to standard error. */
export const say = (line: string) => process.stderr.write(`${line}\n`);

/** Acts on the running server's database, else starts it for the moment; prints what is answered as JSON. */
export async function act(verb: (stores: Stores) => Promise<object>): Promise<void> {
  await withStores(async (stores) => {
    process.stdout.write(`${JSON.stringify(await verb(stores))}\n`);
  });
}

/**
 * Acts on a team, noted in its audit log before it is done. What is answered names what was made by its `id`,
 * unless `target` does.
 */
export async function actOn(
  { team, action, target }: { readonly team: string; readonly action: string; readonly target?: string },
  verb: (stores: Stores, scope: { readonly team: Id<'team'> }) => Promise<object>,
): Promise<void> {
  await act(async (stores) => {
    const scope = await scopeOf(stores, team);
    const end = await beginAct(stores.audit, scope, {
      actor: { kind: 'admin' },
      action,
      ...(target !== undefined && { target }),
    });
    try {
      const answer = await verb(stores, scope);
      await end({ target: target ?? createdIdOf(answer), details: keyLimitsOf(answer) });
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

/** The same, for what is about the database itself. */
export async function withDatabase(use: (database: Database) => Promise<void>): Promise<void> {
  const { database, close } = await joinDatabase(readEnv(), say);
  try {
    await use(database);
  } finally {
    await close();
  }
}

/** The scope of a team that exists. @throws Error with a sentence for the operator */
export async function scopeOf(stores: Stores, team: string) {
  if (!isId('team', team) || !(await stores.teams.exists(team))) throw new Error(`There is no team ${team}.`);
  return { team };
}

/** What went wrong, in the words of whoever knows: one line for each thing. */
export function messageOf(error: unknown): string {
  if (error instanceof z.ZodError) {
    return error.issues.map(({ path, message }) => `${path.join('.') || 'value'}: ${message}`).join('\n');
  }
  if (error instanceof ApiError && error.facts.issues) {
    return error.facts.issues.map(({ path, message }) => `${path}: ${message}`).join('\n');
  }
  return error instanceof Error ? error.message : String(error);
}
