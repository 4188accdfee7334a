import { createHash } from 'node:crypto';
import { compactAs, type Id } from '@parley/contract';
import { trusted } from 'mongoose';
import { settlements } from '../budget/reservations.ts';
import { inTransaction, type Session } from '../connection/in-transaction.ts';
import type { Models } from '../models.ts';
import { createTurnRemover } from '../turn/remove-turns.ts';
import type { TurnDocument } from '../turn/turn-model.ts';
import type { UsageDocument } from './usage-model.ts';
import type { UsageRecord } from './usage-records.ts';

type CountedTurn = Pick<
  TurnDocument,
  '_id' | 'team' | 'spender' | 'account' | 'usage' | 'reservations' | 'agentVersion'
>;
type RemovedTurn = CountedTurn & Pick<TurnDocument, 'chat' | 'sequence' | 'createdAt'>;
type UsageSums = Pick<UsageDocument, 'turns' | 'calls' | 'inputTokens' | 'outputTokens'>;

const fields = { team: 1, spender: 1, account: 1, usage: 1, reservations: 1, agentVersion: 1 } as const;
const removedFields = { ...fields, chat: 1, sequence: 1, createdAt: 1 } as const;

/**
 * Adds the usage of turns to the sums. The sums, the budgets and the marks of the turns change in one transaction, so
 * that a turn is counted once: if two processes count it at the same time, one has to repeat and finds it counted.
 */
export function createTurnCounter({ turns, usage, budgets }: Models) {
  const remover = createTurnRemover({ turns });
  return {
    /** Counts those of these turns that have ended and are not counted. Returns their number. */
    async count(ids: readonly Id<'turn'>[]): Promise<number> {
      const areUncounted = { _id: trusted({ $in: [...ids] }), isUncounted: true as const };
      return inTransaction(turns.db, async (session) => {
        const found = await turns.find(areUncounted, fields, { session }).lean<CountedTurn[]>();
        if (found.length === 0) return 0;
        await turns.updateMany(
          { _id: trusted({ $in: found.map(({ _id }) => _id) }), isUncounted: true as const },
          { $unset: { isUncounted: 1, reservations: 1 } },
          { session },
        );
        await write(found, session);
        return found.length;
      });
    },

    /** Counts and removes turns of a chat that are not counted or hold reservations. Returns their number. */
    async remove(chat: Id<'chat'>, limit: number): Promise<number> {
      const areOpen = {
        chat,
        $or: [{ isUncounted: true as const }, { reservations: trusted({ $exists: true }) }],
      };
      return inTransaction(turns.db, async (session) => {
        const found = await turns
          .find(areOpen, removedFields, { session })
          .limit(limit)
          .lean<RemovedTurn[]>();
        if (found.length === 0) return 0;
        await remover.removeCounted(found, session);
        await write(found, session);
        return found.length;
      });
    },
  };

  async function write(counted: readonly CountedTurn[], session: Session): Promise<void> {
    const rows = addUp(counted.filter(({ account }) => account !== undefined));
    if (rows.length > 0) await usage.bulkWrite(rows.map(toUpsert), { session });
    const settled = counted.flatMap((turn) => settlements(turn.reservations ?? [], tokensOf(turn.usage)));
    if (settled.length > 0) await budgets.bulkWrite(settled, { session });
  }
}

/** The rows of these turns, each with the counts to add to it. */
export function addUp(
  counted: readonly Pick<CountedTurn, 'team' | 'spender' | 'account' | 'usage' | 'agentVersion'>[],
): UsageDocument[] {
  const rows = new Map<string, UsageDocument>();
  for (const { team, spender, account, usage, agentVersion } of counted) {
    if (!account) continue;
    // A turn with several runs counts once, for the model of its last run.
    const parts = usage.length === 0 ? [undefined] : usage;
    for (const [index, part] of parts.entries()) {
      const { agent, user, day } = account;
      const row = { team, day, agent, agentVersion, user, key: spender?.key, model: part?.model };
      const _id = rowId([team, day, agent, user, row.key, row.model], agentVersion);
      const nothing = { turns: 0, calls: 0, inputTokens: 0, outputTokens: 0 };
      const sum = rows.get(_id) ?? compactAs<UsageDocument>({ _id, ...row, ...nothing });
      sum.turns += index === parts.length - 1 ? 1 : 0;
      sum.calls += part?.calls ?? 0;
      sum.inputTokens += part?.inputTokens ?? 0;
      sum.outputTokens += part?.outputTokens ?? 0;
      rows.set(_id, sum);
    }
  }
  return [...rows.values()];
}

/** The id is a hash, so that the row can stay when the user is removed from it. */
function rowId(parts: readonly (string | undefined)[], agentVersion: number | undefined): string {
  // Rows without a version keep the ids that release 0.1.0 gives them.
  const all = agentVersion === undefined ? parts : [...parts, agentVersion];
  return createHash('sha256').update(JSON.stringify(all)).digest('base64url');
}

/** The update that adds to a row, and inserts it if it does not exist. */
export function toUpsert({ _id, turns, calls, inputTokens, outputTokens, ...row }: UsageDocument) {
  const $inc: UsageSums = { turns, calls, inputTokens, outputTokens };
  return { updateOne: { filter: { _id }, update: { $inc, $setOnInsert: row }, upsert: true } };
}

/** The tokens that count against budgets. */
export function tokensOf(usage: readonly UsageRecord[]): number {
  return usage.reduce((sum, { inputTokens = 0, outputTokens = 0 }) => sum + inputTokens + outputTokens, 0);
}
