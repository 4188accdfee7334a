import { openKeyWarning } from '@parley/contract';
import type { StartCredentials } from './first-start.ts';

/** The facts that the terminal shows after a start. */
export interface StartFacts {
  readonly version: string;
  readonly url: string;
  /** The state of the chat page; undefined if it is turned off. */
  readonly chat: 'served' | 'not built' | undefined;
  readonly database: string;
  readonly model: string;
  readonly start: StartCredentials;
  readonly credentialsPath: string;
  /** Whether the output is a terminal, which no log stores: keys may be shown. */
  readonly isTerminal: boolean;
  /** Whether other machines reach the server while no proxy is trusted. */
  readonly needsTrustProxy?: boolean;
  /** Whether the chat page has a key that reaches all chats. */
  readonly isChatKeyOpen?: boolean;
}

/**
 * Returns the text that the terminal shows after a start. It contains keys only at the start that created them,
 * and only in a terminal.
 */
export function startPage(facts: StartFacts): string {
  const { version, url, chat, database, model } = facts;
  return [
    '',
    `Parley ${version} is running at ${url}`,
    '',
    ...(chat === 'served' ? [`  Chat           ${url}/`] : []),
    ...(chat && facts.isChatKeyOpen
      ? [`                 WEB_PUBLISHABLE_KEY names an open key. ${openKeyWarning}`]
      : []),
    ...(chat === 'not built' ? ['  Chat           not built yet: `npm run build`, then start again'] : []),
    `  Documentation  ${url}/docs/`,
    `  API reference  ${url}/docs/reference`,
    `  Database       ${database}`,
    `  Model          ${model}`,
    ...(facts.needsTrustProxy ? ['  Proxies        none trusted. If there is one, set TRUST_PROXY'] : []),
    '',
    ...credentialLines(facts),
    '',
  ].join('\n');
}

function credentialLines({ url, start, credentialsPath, isTerminal }: StartFacts): string[] {
  if (start.kind === 'elsewhere') return lostLines(start.teamId, credentialsPath);
  const { credentials } = start;
  const isShown = start.kind === 'made' && isTerminal;
  const keyText = isShown ? credentials.secretKey : `<the secretKey of ${credentialsPath}>`;
  return [
    ...(isShown
      ? madeLines(credentials, credentialsPath)
      : [
          ...(start.kind === 'made'
            ? ['  Made for you: a team, an agent and keys, which only the file shows.']
            : []),
          `  Keys           ${credentialsPath} (agent ${credentials.agentId})`,
          '                 guestKey is for pages with visitors, secretKey for your servers;',
          '                 publishableKey is open and reaches all chats.',
        ]),
    '',
    '  Start a chat:',
    `    curl ${url}/chat -H 'x-api-key: ${keyText}' \\`,
    `      -H 'content-type: application/json' -d '{"agentId": "${credentials.agentId}"}'`,
  ];
}

type Made = Exclude<StartCredentials, { kind: 'elsewhere' }>['credentials'];

function madeLines(made: Made, credentialsPath: string): string[] {
  return [
    `  Made for you, shown this once and kept in ${credentialsPath}:`,
    `    team             ${made.teamId}`,
    `    agent            ${made.agentId}`,
    `    secret key       ${made.secretKey}  for your servers`,
    `    guest key        ${made.guestKey}  for pages with visitors: each reaches their own chats`,
    `    publishable key  ${made.publishableKey}  open, for tests and pages behind a login of yours`,
    `  The publishable key is open. ${openKeyWarning}`,
  ];
}

function lostLines(teamId: string | undefined, credentialsPath: string): string[] {
  return [
    `  Keys           not in ${credentialsPath}: the database holds only their hashes.`,
    '                 To make new ones for the first team:',
    `                   npm run -s admin -- key create --team ${teamId ?? '<teamId>'} --kind secret`,
    `                   npm run -s admin -- key create --team ${teamId ?? '<teamId>'} --kind publishable --access guest`,
  ];
}
