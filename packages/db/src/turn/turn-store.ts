import { compact, type Id } from '@parley/contract';
import { trusted } from 'mongoose';
import type { ReadBatches } from '../batching/read-batches.ts';
import type { WriteBatches } from '../batching/write-batches.ts';
import { giveBack } from '../budget/reservations.ts';
import type { Models } from '../models.ts';
import { sizeOfSteps } from './steps-size.ts';
import { pushedUsage, toRecord } from './turn-document.ts';
import type { TurnStore } from './turn-port.ts';
import { createTurnQueries, TAIL_TURNS, UNFINISHED, UNFINISHED_OF_TEAM, within } from './turn-queries.ts';
import type { TurnOrigin } from './turn-records.ts';

/** Creates the store of turns. The commands of every message go through `reads` and `writes`, in batches. */
export function createTurnStore(
  { turns, budgets }: Models,
  reads: Pick<ReadBatches, 'readRunContext'>,
  writes: WriteBatches,
): TurnStore {
  const claim = async (
    filter: { _id: Id<'turn'> } | ({ chat: Id<'chat'>; sequence: number } & ReturnType<typeof sameOrigin>),
    team: Id<'team'>,
    token: string,
  ) => {
    const update = {
      $set: { status: 'generating' as const, 'lease.token': token, 'lease.renewals': 0 },
      $inc: { 'lease.attempt': 1 },
    };
    const claimed = await turns
      .findOneAndUpdate({ ...filter, team, status: 'queued' as const }, update, { returnDocument: 'after' })
      .lean();
    return claimed ? toRecord(claimed) : undefined;
  };

  return {
    ...createTurnQueries({ turns }),

    async insert(access, turn) {
      const { chat, team } = within(access);
      if (turn.chat !== chat) throw new Error(`turn ${turn.id} is not of chat ${chat}`);
      if ((await writes.insert({ team, turn })) === 'inserted') return 'inserted';
      // The server names only one of the conflicting indexes. The turn itself may be stored, if the acknowledgement of an
      // earlier attempt was lost.
      if ((await turns.exists({ _id: turn.id, team })) !== null) return 'inserted';
      const { idempotency } = turn;
      if (!idempotency) return 'sequence-taken';
      const kept = await turns.exists({ chat, team, 'idempotency.key': idempotency.key });
      return kept === null ? 'sequence-taken' : 'key-taken';
    },

    async remove({ team }, id) {
      const removed = await turns
        .findOneAndDelete({ _id: id, team }, { projection: { reservations: 1 } })
        .lean();
      // A reservation that a crash leaves here stays until the end of its day.
      await giveBack(budgets, removed?.reservations ?? []);
    },

    readRunContext: reads.readRunContext,

    async announceSuccessor({ team }, chat, sequence) {
      const filter = { chat, team, sequence: sequence - 1, status: trusted({ $in: UNFINISHED }) };
      const { matchedCount } = await turns.updateOne(filter, { $set: { hasSuccessor: true } });
      return matchedCount === 1;
    },

    claim: ({ team }, id, token) => claim({ _id: id }, team, token),

    claimNext: ({ team }, chat, sequence, token, origin) =>
      claim({ chat, sequence, ...sameOrigin(origin) }, team, token),

    async release({ team }, id, token, usage) {
      const { matchedCount } = await turns.updateOne(
        { _id: id, team, status: 'generating', 'lease.token': token },
        compact({
          $set: { status: 'queued' as const, 'lease.token': 'released' },
          $push: usage && { usage: pushedUsage(usage) },
        }),
      );
      return matchedCount === 1;
    },

    async renew(leases) {
      const filter = {
        _id: trusted({ $in: leases.map(({ turn }) => turn) }),
        status: 'generating' as const,
        'lease.token': trusted({ $in: leases.map(({ token }) => token) }),
      };
      const { matchedCount } = await turns.updateMany(filter, { $inc: { 'lease.renewals': 1 } });
      if (matchedCount === leases.length) return [];
      const standing = await turns.find(filter, { lease: 1 }).lean();
      const tokens = new Set(standing.map(({ lease }) => lease?.token));
      return leases.map(({ token }) => token).filter((token) => !tokens.has(token));
    },

    async saveToolSteps({ team }, id, token, steps) {
      const stepsSize = sizeOfSteps(steps);
      const mine = { _id: id, team, status: 'generating' as const, 'lease.token': token };
      const { matchedCount } = await turns.updateOne(
        // An earlier command may take effect after a later one, when its connection was lost. Steps only grow.
        { ...mine, stepsSize: trusted({ $not: { $gt: stepsSize } }) },
        { $set: { steps: [...steps], stepsSize } },
      );
      if (matchedCount === 1 || (await turns.exists(mine))) return 'stored';
      return (await turns.exists({ _id: id, team })) === null ? 'deleted' : 'lost';
    },

    async raiseAttempt({ team }, id, token, attempt) {
      const { matchedCount } = await turns.updateOne(
        { _id: id, team, status: 'generating', 'lease.token': token },
        { $max: { 'lease.attempt': attempt }, $inc: { 'lease.renewals': 1 } },
      );
      if (matchedCount === 1) return 'stored';
      return (await turns.exists({ _id: id, team })) === null ? 'deleted' : 'lost';
    },

    async saveWait({ team }, id, token, { attempt, until }) {
      const { matchedCount } = await turns.updateOne(
        { _id: id, team, status: 'generating', 'lease.token': token },
        { $set: { wait: { attempt, until } } },
      );
      return matchedCount === 1;
    },

    end: ({ team }, id, token, end) => writes.end({ team, id, token, end }),

    async cancel(access, id) {
      const filter = { _id: id, ...within(access), status: trusted({ $in: UNFINISHED }) };
      const { matchedCount } = await turns.updateOne(filter, { $set: { isCancelled: true } });
      return matchedCount === 1;
    },

    async markRemoved(access, id, isRemoved) {
      const { matchedCount } = await turns.updateOne(
        {
          ...{ _id: id, ...within(access), status: 'failed' },
          // Another removal may have deleted the content meanwhile.
          ...(!isRemoved && {
            $or: [
              { 'messages.content': trusted({ $ne: '' }) },
              { 'messages.files': trusted({ $exists: true }) },
            ],
          }),
        },
        isRemoved ? { $set: { removedAt: new Date() } } : { $unset: { removedAt: 1 } },
      );
      return matchedCount === 1;
    },

    async removeContent(access, id) {
      const { matchedCount } = await turns.updateOne(
        { _id: id, ...within(access), status: 'failed' },
        {
          $set: { removedAt: new Date(), 'messages.$[].content': '' },
          $unset: { 'messages.$[].parts': 1, 'messages.$[].files': 1, written: 1 },
        },
      );
      return matchedCount === 1;
    },

    async cancelOfUser({ team }, user, limit) {
      const filter = {
        team,
        'spender.user': user,
        status: trusted({ $in: UNFINISHED }),
        isCancelled: trusted({ $exists: false }),
      };
      const found = await turns.find(filter, { _id: 1 }).limit(limit).hint(UNFINISHED_OF_TEAM).lean();
      const ids = found.map(({ _id }) => _id);
      const unfinished = { _id: trusted({ $in: ids }), team, status: trusted({ $in: UNFINISHED }) };
      if (ids.length > 0) await turns.updateMany(unfinished, { $set: { isCancelled: true } });
      return ids;
    },

    async cancelBefore(access, sequence) {
      const filter = {
        ...within(access),
        sequence: trusted({ $lt: sequence, $gte: sequence - TAIL_TURNS }),
        status: trusted({ $in: UNFINISHED }),
      };
      await turns.updateMany(filter, { $set: { isCancelled: true } });
    },

    async takeOver({ team }, id, seen, token) {
      const taken = await turns
        .findOneAndUpdate(
          {
            _id: id,
            team,
            status: 'generating',
            'lease.token': seen.token,
            'lease.renewals': seen.renewals,
          },
          { $set: { 'lease.token': token, 'lease.renewals': 0 }, $inc: { 'lease.attempt': 1, takeovers: 1 } },
          { returnDocument: 'after' },
        )
        .lean();
      return taken ? toRecord(taken) : undefined;
    },
  };
}

/** Matches turns of exactly this origin. */
function sameOrigin(origin: TurnOrigin | undefined) {
  const absent = trusted({ $exists: false });
  return {
    'origin.isPrivileged': origin?.isPrivileged ?? absent,
    'origin.networks': origin?.networks ? [...origin.networks] : absent,
  };
}
