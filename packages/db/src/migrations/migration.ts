import type { mongo } from 'mongoose';
import type { Models } from '../models.ts';

/** Logs events for operators. Fields hold ids, counts and errors, never content. */
export type DatabaseLog = (
  level: 'info' | 'warn' | 'error',
  event: string,
  fields: Record<string, unknown>,
) => void;

/** The dependencies of a step. It has a connection of its own, without the time limits of requests. */
export interface MigrationContext {
  readonly models: Models;
  readonly db: mongo.Db;
  /** Aborts when the process stops or has lost its lease; the step then runs again later. */
  readonly signal: AbortSignal;
  readonly log: DatabaseLog;
}

/** One change of stored data. See `migrations.ts` for how to add one. */
export interface Migration {
  readonly name: string;
  /** The lowest schema version of a server that works with the changed data. Absent: any server does. */
  readonly minimumServer?: number;
  run(context: MigrationContext): Promise<void>;
}
