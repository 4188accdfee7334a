import { fillSearch } from './fill-search.ts';
import type { Migration } from './migration.ts';
import { refreshTitleWords } from './refresh-title-words.ts';
import { removeEndedNetworks } from './remove-ended-networks.ts';
import { removeOrphanedFeedback } from './remove-orphaned-feedback.ts';
import { removeOrphanedFiles } from './remove-orphaned-files.ts';
import { repairRolledKeys } from './repair-rolled-keys.ts';
import { storeChatUses } from './store-chat-uses.ts';

/**
 * To change stored data: append a step to the list below, with its `run` in a file of its own in this folder. Its place in
 * the list is the schema version it leads to. Never reorder, change or remove a step that was released.
 *
 * `run` must be repeatable: it may be cut off and started again, and it runs again once the last server that does not know
 * it has ended. Work in small pages and look at `signal` between them. Old servers keep working meanwhile, so read both
 * forms for at least one release; if they cannot work with the new form, set `minimumServer` to the step's own version: it
 * then waits until no older server is live. Add what you store to the scenarios of `integrations/upgrade`; a test
 * fails for each field that none of them names.
 */
export const migrations: readonly Migration[] = [
  // 1: servers record their versions in the database. Release 0.1.0 does not.
  { name: 'record the schema version', run: async () => undefined },
  { name: 'remove the addresses of ended turns', run: removeEndedNetworks },
  { name: 'repair keys that release 0.1.0 has rolled', run: repairRolledKeys },
  { name: 'store the words of titles as they are searched for now', run: refreshTitleWords },
  { name: 'store when chats were last used', run: storeChatUses },
  { name: 'remove the feedback on answers that release 0.1.0 has deleted', run: removeOrphanedFeedback },
  { name: 'store the words of messages for the search', run: fillSearch },
  { name: 'remove the files of chats that release 0.1.0 has deleted', run: removeOrphanedFiles },
  // 9: servers know versions of messages. They accept none while a live server does not.
  { name: 'allow versions of messages and answers', run: async () => undefined },
];

/** The lowest schema version whose servers know that a chat shows one of several paths. */
export const VERSIONS_SINCE = 9;

/** The schema version of this software: the number of steps it knows. Release 0.1.0 counts as 0. */
export const schemaVersion = migrations.length;
