import { type Id, mintId } from '@parley/contract';
import { mintApiKey, type Stores } from '@parley/db';
import type { Credentials, CredentialsFile } from './credentials.ts';

/** The keys that a start created or read, or the team of which this machine has no keys. */
export type StartCredentials =
  | { readonly kind: 'made' | 'known'; readonly credentials: CompleteCredentials }
  /** The database has a team, and the file with its keys is not on this machine. */
  | { readonly kind: 'elsewhere'; readonly teamId: Id<'team'> | undefined };

/** The credentials with the keys that a file of an earlier release may lack. */
type CompleteCredentials = Credentials & { readonly webKey: string; readonly guestKey: string };

/** The first key for pages with visitors. */
export const GUEST_KEY = { name: 'Visitors', access: 'guest' } as const;

/** The key reaches no chats without a user's token, so every visitor may know it. */
const WEB_KEY = { name: 'Chat page', access: 'verified' } as const;

type Addresses = Pick<Credentials, 'url' | 'mongodbUri'>;

/**
 * Ensures that there is a team with an agent, a key of each kind, and a key for the chat page. The first start is
 * the one that finds no team: it writes the file, then inserts the team (one of several servers succeeds), then its
 * agent and keys. A start that was cut off is finished by the next one, from the file.
 */
export async function ensureFirstTeam(
  stores: Stores,
  file: CredentialsFile,
  addresses: Addresses,
): Promise<StartCredentials> {
  const known = await file.read();
  if (known && (await stores.teams.exists(known.teamId))) {
    const webKey = known.webKey ?? mintApiKey('publishable');
    const guestKey = known.guestKey ?? mintApiKey('publishable');
    const credentials = { ...known, ...addresses, webKey, guestKey };
    const isUnchanged = (['url', 'mongodbUri', 'webKey', 'guestKey'] as const).every(
      (name) => known[name] === credentials[name],
    );
    if (!isUnchanged) await file.write(credentials);
    await finish(stores, credentials);
    await makePublishableKeys(stores, credentials);
    return { kind: 'known', credentials };
  }
  const first = await stores.teams.findFirst();
  if (first) return { kind: 'elsewhere', teamId: first.id };
  return makeFirstTeam(stores, file, addresses);
}

async function makeFirstTeam(
  stores: Stores,
  file: CredentialsFile,
  addresses: Addresses,
): Promise<StartCredentials> {
  const credentials = {
    ...addresses,
    teamId: mintId('team'),
    agentId: mintId('agent'),
    publishableKey: mintApiKey('publishable'),
    guestKey: mintApiKey('publishable'),
    secretKey: mintApiKey('secret'),
    webKey: mintApiKey('publishable'),
  };
  await file.write(credentials);
  const isOurs = await stores.teams.createFirst({ id: credentials.teamId, name: 'My team' });
  if (!isOurs) {
    await file.remove();
    const first = await stores.teams.findFirst();
    return { kind: 'elsewhere', teamId: first?.id };
  }
  await finish(stores, credentials);
  await makePublishableKeys(stores, credentials);
  return { kind: 'made', credentials };
}

/** Adds the keys that a file of an earlier release lacks. It can be repeated. */
async function makePublishableKeys(
  { apiKeys }: Stores,
  { teamId: team, webKey, guestKey }: CompleteCredentials,
): Promise<void> {
  await apiKeys.create({ team }, webKey, WEB_KEY);
  await apiKeys.create({ team }, guestKey, GUEST_KEY);
}

/**
 * Creates the agent and the keys of the first team, once. If an operator deletes or revokes them later, they stay
 * deleted.
 */
async function finish(stores: Stores, credentials: Credentials): Promise<void> {
  const first = await stores.teams.findFirst();
  if (first?.id !== credentials.teamId || !first.isPending) return;
  const scope = { team: credentials.teamId };
  await stores.agents.create(scope, { name: 'Assistant', type: 'assistant' }, credentials.agentId);
  await stores.apiKeys.create(scope, credentials.publishableKey);
  await stores.apiKeys.create(scope, credentials.secretKey);
  await stores.teams.finishFirst(credentials.teamId);
}
