import { mintId } from '@parley/contract';
import { connectDatabase, mintApiKey } from '@parley/db';

/** Creates a team with an agent and a key, as the first start does. */
export async function makeTeam(mongoUri: string): Promise<{ key: string; agentId: string }> {
  const { stores, close } = await connectDatabase(mongoUri);
  try {
    const scope = { team: mintId('team') };
    const key = mintApiKey('secret');
    await stores.teams.create({ id: scope.team, name: 'Crash' });
    await stores.apiKeys.create(scope, key);
    const { id } = await stores.agents.create(scope, { name: 'Ada', type: 'support' });
    return { key, agentId: id };
  } finally {
    await close();
  }
}
