import type { CredentialIds, CredentialView } from './credential-records.ts';

/** What open streams were let in with. Not scoped: one read serves the streams of all teams. */
export interface CredentialStore {
  /** Reads them past every cache, with one query for each kind that there is. */
  read(ids: CredentialIds): Promise<CredentialView>;
}
