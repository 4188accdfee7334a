import { type Connection, Schema } from 'mongoose';
import { date, number, options, string } from '../schema-fields.ts';

/** A step that ran, or runs, on this database. */
export interface StepDocument {
  /** The schema version it leads to. */
  _id: number;
  name: string;
  /** The release that ran it. */
  software: string;
  /** Servers of a lower schema version do not start on this database. */
  minimumServer: number;
  startedAt: Date;
  /** Absent: it has not finished. */
  finishedAt?: Date;
  /** A server that does not know the step was live after it: the step runs again when there is none. */
  isOutdated?: true;
}

/** The heartbeat of a server as it is stored. */
export interface ServerDocument {
  _id: string;
  software: string;
  schemaVersion: number;
  startedAt: Date;
  /** The database's time of its last heartbeat. */
  seenAt: Date;
}

/** A lease for work on the database as it is stored. */
export interface LeaseDocument {
  _id: string;
  token: string;
  renewals: number;
  software: string;
  startedAt: Date;
}

/** The heartbeat of a crashed server is removed after this time. It stops counting as live earlier. */
const SERVER_SECONDS = 10 * 60;

const stepSchema = new Schema<StepDocument>(
  {
    ...{ _id: number, name: string, software: string, minimumServer: number },
    ...{ startedAt: date, finishedAt: Date, isOutdated: Boolean },
  },
  { ...options, collection: 'migrations' },
);

const serverSchema = new Schema<ServerDocument>(
  { _id: string, software: string, schemaVersion: number, startedAt: date, seenAt: date },
  { ...options, collection: 'servers' },
);
serverSchema.index({ seenAt: 1 }, { expireAfterSeconds: SERVER_SECONDS });

const leaseSchema = new Schema<LeaseDocument>(
  { _id: string, token: string, renewals: number, software: string, startedAt: date },
  { ...options, collection: 'leases' },
);

/** Creates the models of the records about the software that works on the database. */
export function createVersionModels(connection: Connection) {
  return {
    steps: connection.model<StepDocument>('MigrationStep', stepSchema),
    servers: connection.model<ServerDocument>('Server', serverSchema),
    leases: connection.model<LeaseDocument>('Lease', leaseSchema),
  };
}

/** The models of versions, on one connection. */
export type VersionModels = ReturnType<typeof createVersionModels>;
