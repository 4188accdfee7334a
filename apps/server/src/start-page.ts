import { openKeyWarning } from '@parley/contract';
import type { StartCredentials } from './first-start.ts';

export interface StartFacts {
  readonly version: string;
  readonly url: string;
  /** How the chat page stands; undefined when it is turned off. */
  readonly chat: 'served' | 'not built' | undefined;
  readonly database: string;
  readonly model: string;
  readonly start: StartCredentials;
  readonly credentialsPath: string;
  /** Others than this machine reach the server, and no proxy is trusted. */
  readonly needsTrustProxy?: boolean;
  /** The chat page was given a key that reaches all chats. */
  readonly isChatKeyOpen?: boolean;
}

/** What a person who starts the server reads. Keys appear once, at the start that made them. */
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
    ...(facts.needsTrustProxy
      ? ['  Proxies        none trusted. If one stands in front, set TRUST_PROXY']
      : []),
    '',
    ...credentialLines(facts),
    '',
  ].join('\n');
}

function credentialLines({ url, start, credentialsPath }: StartFacts): string[] {
  if (start.kind === 'elsewhere') return lostLines(start.teamId, credentialsPath);
  const { credentials } = start;
  const isNew = start.kind === 'made';
  const keyText = isNew ? credentials.secretKey : `<the secretKey of ${credentialsPath}>`;
  return [
    ...(isNew
      ? [
          `  Made for you, shown this once and kept in ${credentialsPath}:`,
          `    team             ${credentials.teamId}`,
          `    agent            ${credentials.agentId}`,
          `    publishable key  ${credentials.publishableKey} (open)`,
          `    secret key       ${credentials.secretKey}`,
          `  The publishable key is open. ${openKeyWarning}`,
        ]
      : [`  Keys           ${credentialsPath} (agent ${credentials.agentId})`]),
    '',
    '  Start a chat:',
    `    curl ${url}/chat -H 'x-api-key: ${keyText}' \\`,
    `      -H 'content-type: application/json' -d '{"agentId": "${credentials.agentId}"}'`,
  ];
}

function lostLines(teamId: string | undefined, credentialsPath: string): string[] {
  return [
    `  Keys           not in ${credentialsPath}: the database holds only their hashes.`,
    '                 To make new ones for the first team:',
    `                   npm run -s admin -- key create --team ${teamId ?? '<teamId>'} --kind secret`,
    `                   npm run -s admin -- key create --team ${teamId ?? '<teamId>'} --kind publishable`,
  ];
}
