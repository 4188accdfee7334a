import { limits, mintId } from '@parley/contract';
import { LRUCache } from 'lru-cache';
import { trusted } from 'mongoose';
import type { AuditDocument, Models } from './models.ts';
import type { AuditEntryRecord, NewAuditEntry, Scope } from './records.ts';
import type { AuditStore } from './store.ts';

export function createAuditStore({ audit }: Models): AuditStore {
  const noted = new LRUCache<string, true>({ max: limits.cacheEntriesMax, ttl: limits.auditSameEveryMs });

  async function insert({ team }: Scope, entry: NewAuditEntry, isDone: boolean) {
    const { actor, action, target, request } = entry;
    const document: AuditDocument = {
      _id: mintId('audit'),
      team,
      at: new Date(),
      actorKind: actor.kind,
      ...(actor.kind === 'key' && { key: actor.key }),
      action,
      ...(target !== undefined && { target }),
      ...(request !== undefined && { request }),
      ...(isDone && { isDone }),
    };
    await audit.insertMany([document], { lean: true });
    return document._id;
  }

  return {
    begin: (scope, entry) => insert(scope, entry, false),

    async finish({ team }, id, target) {
      const $set = { isDone: true as const, ...(target !== undefined && { target }) };
      await audit.updateOne({ _id: id, team }, { $set });
    },

    async withdraw({ team }, id) {
      await audit.deleteOne({ _id: id, team });
    },

    async note(scope, entry) {
      const { actor, action } = entry;
      const name = `${scope.team}/${actor.kind === 'key' ? actor.key : ''}/${action}`;
      if (noted.has(name)) return;
      noted.set(name, true);
      await insert(scope, entry, true);
    },

    async list({ team }, { limit, after }) {
      const found = await audit
        .find({ team, ...(after !== undefined && { _id: trusted({ $lt: after }) }) })
        .sort({ _id: -1 })
        .limit(limit + 1)
        .lean();
      const items = found.slice(0, limit).map(toRecord);
      const last = items.at(-1);
      return found.length > limit && last ? { items, next: last.id } : { items };
    },
  };
}

function toRecord({ _id: id, at, actorKind, key, ...document }: AuditDocument): AuditEntryRecord {
  const { action, target, request, isDone } = document;
  return {
    id,
    at,
    actor: actorKind === 'key' && key ? { kind: 'key', key } : { kind: 'admin' },
    action,
    ...(target !== undefined && { target }),
    ...(request !== undefined && { request }),
    isDone: isDone === true,
  };
}
