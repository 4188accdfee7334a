import { compact, compactAs, type Id, limits, mintId } from '@parley/contract';
import { LRUCache } from 'lru-cache';
import { trusted } from 'mongoose';
import { filterOf, lessThan } from '../mapping/filter-of.ts';
import type { Models } from '../models.ts';
import type { Scope } from '../scope.ts';
import type { AuditDocument } from './audit-model.ts';
import type { AuditStore } from './audit-port.ts';
import type { AuditDetails, AuditEntryRecord, NewAuditEntry } from './audit-records.ts';

/**
 * Creates the store of the audit log. It remembers the entries of `note` and `noteRejected` for
 * `limits.auditSameEveryMs`, and stores the same entry only once in that time.
 */
export function createAuditStore({ audit }: Models): AuditStore {
  const noted = new LRUCache<string, true>({ max: limits.cacheEntriesMax, ttl: limits.auditSameEveryMs });

  /** Inserts an entry, unless this process inserted the same one within the hour, or is about to. */
  async function insertOnce(scope: Scope, entry: NewAuditEntry, end: End): Promise<void> {
    const { actor, action } = entry;
    const name = `${scope.team}/${actor.kind === 'key' ? actor.key : ''}/${action}`;
    if (noted.has(name)) return;
    noted.set(name, true);
    try {
      await insert(scope, [entry], end);
    } catch (error) {
      noted.delete(name);
      throw error;
    }
  }

  async function insert(
    { team }: Scope,
    entries: readonly NewAuditEntry[],
    end: End,
  ): Promise<Id<'audit'>[]> {
    const documents = entries.map((entry) => toDocument(team, entry, end));
    if (documents.length > 0) await audit.insertMany(documents, { lean: true });
    return documents.map(({ _id }) => _id);
  }

  return {
    async begin(scope, entry) {
      const document = toDocument(scope.team, entry, {});
      await audit.insertMany([document], { lean: true });
      return document._id;
    },

    beginAll: (scope, entries) => insert(scope, entries, {}),

    async finish({ team }, id, target, details) {
      const $set = compact({ isDone: true as const, target, details: details && JSON.stringify(details) });
      await audit.updateOne({ _id: id, team }, { $set });
    },

    async finishAll({ team }, ids) {
      await audit.updateMany({ _id: trusted({ $in: [...ids] }), team }, { $set: { isDone: true } });
    },

    async withdraw({ team }, id) {
      await audit.deleteOne({ _id: id, team });
    },

    note: (scope, entry) => insertOnce(scope, entry, { isDone: true }),

    noteRejected: (scope, entry) => insertOnce(scope, entry, { isRefused: true }),

    async list({ team }, { limit, after }) {
      const found = await audit
        .find(filterOf({ team }, { _id: lessThan(after) }))
        .sort({ _id: -1 })
        .limit(limit + 1)
        .lean();
      const items = found.slice(0, limit).map(toRecord);
      const last = items.at(-1);
      return found.length > limit && last ? { items, next: last.id } : { items };
    },
  };
}

type End = Pick<AuditDocument, 'isDone' | 'isRefused'>;

function toDocument(team: Id<'team'>, entry: NewAuditEntry, end: End): AuditDocument {
  const { actor, action, target, request, address, details } = entry;
  return compactAs<AuditDocument>({
    ...{ _id: mintId('audit'), team, at: new Date() },
    ...{ actorKind: actor.kind, key: actor.kind === 'key' ? actor.key : undefined },
    ...{ action, target, request, address, details: details && JSON.stringify(details) },
    ...{ isRefused: undefined, isDone: undefined, ...end },
  });
}

function toRecord({ _id: id, at, actorKind, key, ...document }: AuditDocument): AuditEntryRecord {
  const { action, target, request, address, details, isRefused, isDone } = document;
  return compactAs<AuditEntryRecord>({
    ...{ id, at, actor: actorKind === 'key' && key ? { kind: 'key', key } : { kind: 'admin' } },
    ...{ action, target, request, address },
    details: details === undefined ? undefined : (JSON.parse(details) as AuditDetails),
    outcome: isRefused ? 'refused' : isDone ? 'done' : 'unknown',
  });
}
