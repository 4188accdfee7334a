/** Packages that a server needs and a client never does. */
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
