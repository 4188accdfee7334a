import type { UpgradeScenario } from '../scenario.ts';
import { agents } from './agents.ts';
import { audit } from './audit.ts';
import { chatUses } from './chat-uses.ts';
import { chats } from './chats.ts';
import { credentials } from './credentials.ts';
import { deletionMarkers } from './deletion-markers.ts';
import { deletions } from './deletions.ts';
import { encryptedSecrets } from './encrypted-secrets.ts';
import { failures } from './failures.ts';
import { feedback } from './feedback.ts';
import { files } from './files.ts';
import { modelLists } from './model-lists.ts';
import { origins } from './origins.ts';
import { sealedKeys } from './sealed-keys.ts';
import { search } from './search.ts';
import { servers } from './servers.ts';
import { titleWords } from './title-words.ts';
import { tokenIssuers } from './token-issuers.ts';
import { toolSteps } from './tool-steps.ts';
import { usage } from './usage.ts';
import { userStatuses } from './user-statuses.ts';
import { versions } from './versions.ts';
import { visitors } from './visitors.ts';

/** Everything that release 0.1.0 and this version store and must both understand. */
export const scenarios: readonly UpgradeScenario[] = [
  ...chats,
  ...chatUses,
  ...search,
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
  ...toolSteps,
  ...failures,
  ...feedback,
  ...files,
  ...titleWords,
  ...userStatuses,
  ...audit,
  ...sealedKeys,
  ...servers,
  ...versions,
];
