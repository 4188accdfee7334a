import type { Id } from '@parley/contract';
import { Schema } from 'mongoose';
import { date, type FieldsOf, options, part, string } from '../schema-fields.ts';
import type { TokenIssuer } from './team-records.ts';

/** A team as it is stored. */
export interface TeamDocument {
  _id: Id<'team'>;
  name: string;
  /** Only on the team of the first start. Its unique index lets one of several replicas create it. */
  isFirst?: true;
  /** While the first key and agent of the first team are created. */
  isPending?: true;
  tokensPerDay?: number;
  tokensPerDayPerUser?: number;
  concurrentTurns?: number;
  tokenIssuer?: TokenIssuer;
  createdAt: Date;
}

/** The `teams` collection. */
export const teamSchema = new Schema<TeamDocument>(
  {
    _id: string,
    name: string,
    isFirst: Boolean,
    isPending: Boolean,
    tokensPerDay: Number,
    tokensPerDayPerUser: Number,
    concurrentTurns: Number,
    tokenIssuer: new Schema(
      {
        ...{ url: string, issuer: string, audience: string, updatedAt: date },
        ...{ issuedBy: String, issuers: { type: [String], default: undefined } },
      },
      part,
    ),
    createdAt: date,
  } satisfies FieldsOf<TeamDocument>,
  { ...options, collection: 'teams' },
);
teamSchema.index({ isFirst: 1 }, { unique: true, sparse: true });
