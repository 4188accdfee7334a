import createClient from 'openapi-fetch';
import type { paths } from './parley.ts';

// This file is wrong on purpose: the compiler has to reject it.
const parley = createClient<paths>({ baseUrl: 'http://127.0.0.1:3000' });
await parley.POST('/chat', { body: { agentID: 'agent_1' } });
