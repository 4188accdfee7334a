import type { CredentialIds, CredentialView } from './credential-records.ts';

/** The credentials of open streams. Not scoped: one read serves the streams of all teams. */
export interface CredentialStore {
  /** Reads credentials past every cache, with one query for each kind that is given. */
  read(ids: CredentialIds): Promise<CredentialView>;
}
