/** What a client never needs, and a server does. */
export const SERVER_PARTS = [
  '@parley/agent',
  '@parley/api',
  '@parley/db',
  '@parley/host',
  '@parley/quota',
  '@parley/turns',
  'fastify',
  'mongodb',
  'mongoose',
  'openai',
  'trpc-to-openapi',
];
