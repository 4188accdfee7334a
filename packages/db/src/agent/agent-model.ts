import type { FileKind, Id, ModelChoice } from '@parley/contract';
import { Schema } from 'mongoose';
import type { Idempotency } from '../idempotency.ts';
import {
  date,
  type FieldsOf,
  idempotencySchema,
  number,
  options,
  part,
  string,
  withIdempotency,
} from '../schema-fields.ts';

/** A version of an agent's settings as it is stored. */
export interface AgentVersion {
  version: number;
  systemPrompt?: string;
  model?: string;
  models?: ModelChoice[];
  temperature?: number;
  reasoning?: 'hide' | 'show';
  accepts?: FileKind[];
  /** JSON text, for the reason given at `ChatDocument`. The values of headers in it are sealed. */
  tools?: string;
  createdAt: Date;
}

/** An agent as it is stored. */
export interface AgentDocument {
  _id: Id<'agent'>;
  team: Id<'team'>;
  name: string;
  type: string;
  description?: string;
  retentionDays?: number;
  /** The version in use. Earlier ones stay, because answers name theirs. */
  version: number;
  versions: AgentVersion[];
  createdAt: Date;
  /** Absent until the first change. */
  updatedAt?: Date;
  idempotency?: Idempotency;
}

/** The `agents` collection. */
export const agentSchema = new Schema<AgentDocument>(
  {
    _id: string,
    team: string,
    name: string,
    type: string,
    description: String,
    retentionDays: Number,
    version: number,
    versions: [
      new Schema(
        {
          ...{ version: number, systemPrompt: String, model: String, temperature: Number },
          models: { type: [new Schema({ provider: string, model: string }, part)], default: undefined },
          accepts: { type: [String], default: undefined },
          ...{ reasoning: String, tools: String, createdAt: date },
        } satisfies FieldsOf<AgentVersion>,
        part,
      ),
    ],
    createdAt: date,
    updatedAt: Date,
    idempotency: idempotencySchema,
  } satisfies FieldsOf<AgentDocument>,
  { ...options, collection: 'agents' },
);
agentSchema.index({ team: 1, _id: 1 });
agentSchema.index(
  { _id: 1, retentionDays: 1 },
  { partialFilterExpression: { retentionDays: { $exists: true } } },
);
agentSchema.index({ 'idempotency.key': 1 }, { unique: true, ...withIdempotency });
