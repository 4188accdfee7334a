import type { UpgradeScenario } from '../scenario.ts';
import { agents } from './agents.ts';
import { chats } from './chats.ts';
import { credentials } from './credentials.ts';
import { deletionMarkers } from './deletion-markers.ts';
import { deletions } from './deletions.ts';
import { encryptedSecrets } from './encrypted-secrets.ts';
import { modelLists } from './model-lists.ts';
import { origins } from './origins.ts';
import { tokenIssuers } from './token-issuers.ts';
import { usage } from './usage.ts';
import { visitors } from './visitors.ts';

/** Everything that release 0.1.0 and this version store and must both understand. */
export const scenarios: readonly UpgradeScenario[] = [
  ...chats,
  ...deletions,
  ...credentials,
  ...agents,
  ...modelLists,
  ...usage,
  ...origins,
  ...visitors,
  ...tokenIssuers,
  ...deletionMarkers,
  ...encryptedSecrets,
];
