import 'server-only';

/** The environment of this app's server. Pages get the address and the publishable key of it. */
export const env = {
  url: process.env.PARLEY_URL ?? 'http://127.0.0.1:3000',
  /** Of a team's own servers: it reaches all its chats. */
  secretKey: named('PARLEY_SECRET_KEY'),
  /** For pages: one whose `access` is `verified` reaches nothing without a user's token. */
  publishableKey: named('PARLEY_PUBLISHABLE_KEY'),
  /** The `audience` and the `secret` of what `POST /signing-secret` answered. */
  team: named('PARLEY_TEAM'),
  signingSecret: named('PARLEY_SIGNING_SECRET'),
};

function named(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set.`);
  return value;
}
