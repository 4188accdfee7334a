import { mintId } from '@parley/contract';
import { connectDatabase, mintApiKey } from '@parley/db';
import { env } from './env.ts';

// Makes a team with an agent and a secret key, which is shown this once.
const database = await connectDatabase(env.mongodbUri);
const { teams, agents, apiKeys } = database.stores;
const team = mintId('team');
const key = mintApiKey('secret');
await teams.create({ id: team, name: 'Acme' });
await agents.create({ team }, { name: 'Ada', type: 'support' });
await apiKeys.create({ team }, key);
await database.close();
console.log(key);
