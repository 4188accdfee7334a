import { type Id, limits } from '@parley/contract';
import { Schema } from 'mongoose';
import { date, type FieldsOf, options, string } from '../schema-fields.ts';

/** An entry of the audit log as it is stored. */
export interface AuditDocument {
  _id: Id<'audit'>;
  team: Id<'team'>;
  at: Date;
  actorKind: 'key' | 'admin';
  key?: Id<'key'>;
  action: string;
  target?: string;
  request?: string;
  address?: string;
  /** As JSON text, for the reason that metadata is: see `ChatDocument`. */
  details?: string;
  isRefused?: true;
  isDone?: true;
}

/** The `auditLog` collection. MongoDB removes an entry after `limits.auditSeconds`. */
export const auditSchema = new Schema<AuditDocument>(
  {
    _id: string,
    team: string,
    at: date,
    actorKind: string,
    key: String,
    action: string,
    target: String,
    request: String,
    address: String,
    details: String,
    isRefused: Boolean,
    isDone: Boolean,
  } satisfies FieldsOf<AuditDocument>,
  { ...options, collection: 'auditLog' },
);
auditSchema.index({ team: 1, _id: -1 });
auditSchema.index({ at: 1 }, { expireAfterSeconds: limits.auditSeconds });
