import { type Policy, policies, restOperations, streamOperations } from '@parley/api';
import { openKeyWarning } from '@parley/contract';

/** `docs/security.md`, its table made from the policies that the server decides by. */
export function securityPage(): string {
  return `${[HEAD, table(), TAIL].join('\n\n')}\n`;
}

const WHO: readonly { readonly title: string; readonly may: (policy: Policy) => string }[] = [
  {
    title: 'secret key',
    may: ({ callers }) => (callers === 'everyone' || callers === 'secret' ? 'team' : ''),
  },
  { title: 'open key', may: ({ callers }) => (callers === 'everyone' ? 'team' : '') },
  { title: 'guest key', may: ({ callers }) => (callers === 'anonymous' ? 'yes' : '') },
  { title: 'guest', may: ({ callers, scope }) => (callers === 'everyone' ? ofUser(scope) : '') },
  {
    title: 'verified user',
    may: ({ callers, scope }) =>
      callers === 'everyone' ? ofUser(scope) : callers === 'verified' ? 'yes' : '',
  },
];

/** Chats have owners; agents are everyone's who may use them. */
function ofUser(scope: Policy['scope']): string {
  return scope.startsWith('chats:') ? 'own' : 'yes';
}

function table(): string {
  const rows = Object.entries(policies).map(([procedure, policy]: [string, Policy]) => [
    `\`${procedure}\``,
    addressesOf(procedure).join('<br>'),
    `\`${policy.scope}\``,
    policy.credential ?? '',
    ...WHO.map(({ may }) => may(policy)),
  ]);
  const head = ['procedure', 'REST', 'scope', 'credential', ...WHO.map(({ title }) => title)];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Where a procedure is asked for over REST; a subscription by the streams that read it. */
function addressesOf(procedure: string): string[] {
  const operation = restOperations.find((one) => one.procedure === procedure);
  if (operation) return [`\`${operation.method} ${operation.path}\``];
  const streams = {
    'message.follow': ['streamMessage', 'streamChat'],
    'chat.follow': ['followChat'],
    'chat.followAll': ['followChats'],
  }[procedure];
  return streamOperations
    .filter(({ operationId }) => streams?.includes(operationId))
    .map(({ path }) => `\`GET ${path}\``);
}

const HEAD = `# Security

<!-- Written by \`npm run docs\` from packages/api/src/policies.ts and scripts/security-page.ts. Change those instead. -->

This page says who can do what, how keys and user tokens work, and how you shut somebody out.

Every request acts for **a team** or for **one of its users**. The key determines the team. The key's kind, and the user token
beside it, determine the rest:

| credentials | caller | can reach |
| --- | --- | --- |
| a secret key (\`sk_live_…\`) | your servers | all of the team, administration included |
| a publishable key with \`access: "open"\` | anyone who has the key | all chats of the team |
| a publishable key with \`access: "guest"\`, and a token from \`POST /guest\` | a guest | their own chats |
| a \`guest\` or \`verified\` publishable key, and a token signed by your servers or your identity provider | a verified user | their own chats |
| a \`guest\` or \`verified\` key without a token | an anonymous caller | nothing; with a \`guest\` key, \`POST /guest\` |
| any key with a user token beside it | that user | their own chats: a token only ever restricts |

**Be careful with open keys.** ${openKeyWarning}

The user id comes only from the token. A \`userId\` in the request must be the same one, or the response is 403. A chat of another
user looks exactly like a chat of another team and like one that never existed: 404, in every procedure, stream and batch.

## Permissions

*team*: everything that the key can reach. *own*: the chats of the token's user. Empty: 401 or 403, and nothing is written.`;

const TAIL = `The column *credential* says what kind of credential a procedure issues or manages. **Nobody can issue a credential that grants
more than they have:** see [Keys that issue keys](#keys-that-issue-keys). Signing secrets and the token issuer can be managed only with
a secret key without \`agentIds\`, \`expiresAt\`, budget and origins. If it has scopes, they must include \`chats:read\`,
\`chats:write\` and \`keys:write\`, because anyone who has a signing secret can act as any user of the team (403
\`unrestricted_key_needed\`). A guest's token works only with the key that created the guest, and within that key's limits.

You can restrict a secret key to \`scopes\` (see the table; without scopes it has all of them). You can restrict both kinds of keys
to \`agentIds\`: these agents, and the chats with them. Both restrictions are set when the key is created and cannot be changed,
also not by rolling the key.

The server enforces this table: it is generated from the same policies. A procedure without a row does not compile. The tests
try each row with each kind of caller on things of their own, of another user and of another team, over REST, tRPC, tRPC
batches and streams, and end each kind of open stream in each way a credential can end (\`apps/server/test/authorization\`). The
expected results were written from this page, not from the code.

## The order of checks

Every request and every tRPC call, including those in batches and subscriptions, passes one gate. It reads only the headers and
checks in this order:

1. **Address.** To look up a key or token that the server does not know, the address must have unidentified requests left. A
   server remembers for two seconds that a key or token does not exist.
2. **Key.** The key must exist, must not be revoked or expired, and must be allowed on the page that sends it. The user token, if
   there is one, must be valid. A request that fails here counts against its address as unidentified.
3. **Limits** of the key, the user and the address. Each must have room for all calls of the request. Otherwise the response is
   429 \`rate_limited\`, the request does not count, and the database is not read again.
4. **Permissions.** A caller who is not allowed to make any of the calls gets 403.
5. **Body.** The server now reads the body and checks its size, then its number of keys and depth, then its content.

| request with | counts against |
| --- | --- |
| a secret key | the key: 6,000 per minute, together with the keys it replaced by rolling |
| a secret key and a user token | the key, and the user: 60 per minute |
| an \`open\` key | the key, and the address: 1,200 per minute |
| a publishable key and the token of a user or guest | the key, the user and the address |
| no key, an unknown key, an invalid token, a \`guest\` or \`verified\` key alone, or to a route without a key | the address only: 120 per minute |
| \`POST /guest\`, \`POST /web/session\` | the address only: 300 per minute for both |

Without a token of one of your users, nobody can use up your key's limit, and a visitor uses up only their own limit.
[Limits and usage](limits-and-usage.md) lists all limits and their settings.

## User tokens

Your servers sign a token for the user who is logged in on your site. First create a signing secret with a secret key:
\`POST /signing-secret\`. The response shows the secret once. Then sign a JWT for the user and pass it to your page:

| claim | value |
| --- | --- |
| \`sub\` | your id of the user, 1 to 256 characters |
| \`aud\` | your team's id (\`audience\` in the response that created the secret) |
| \`exp\` | at most an hour ahead |
| \`iat\` | when you signed it; always set it, because a user who was signed out needs it |
| header \`alg\` | \`HS256\` |
| header \`kid\` | the secret's id; optional, but with it a new secret works on every server immediately |

\`\`\`ts
import { SignJWT } from 'jose';

const token = await new SignJWT()
  .setProtectedHeader({ alg: 'HS256', kid: secretId })
  .setSubject(user.id)
  .setAudience(teamId)
  .setIssuedAt()
  .setExpirationTime('15m')
  .sign(new TextEncoder().encode(signingSecret));
\`\`\`

Send it as \`x-user-token\` beside the key. A token that is malformed, unsigned, signed with another key or algorithm, made for
another team, not yet valid, or valid for too long gets 401 \`user_token_invalid\`. A token that was valid and has expired gets 401
\`user_token_expired\`; get a new token and repeat the request. Clocks may differ by half a minute.

**To rotate a signing secret**, create another one. The earlier secrets keep working for the overlap (\`overlapSeconds\`, one day by
default) and then end. \`DELETE /signing-secret/:secretId\` ends a secret on every server within five seconds. At most five secrets
can be valid at a time. The database stores signing secrets [encrypted](operate.md#encrypted-secrets) and not hashed, because
checking a signature needs the secret itself. The key that signs the chat page's cookies is encrypted as well.

**Tokens of your identity provider** work without a shared secret. Register the provider once, with a secret key:

\`\`\`sh
curl -X PUT "$URL/token-issuer" -H "x-api-key: $SECRET_KEY" -H 'content-type: application/json' -d '{
  "url": "https://login.example.com/.well-known/jwks.json",
  "issuer": "https://login.example.com/",
  "audience": "chat"
}'
\`\`\`

From then on, JWTs of that issuer work as \`x-user-token\`. Their \`iss\` and \`aud\` must equal the registered values; \`sub\` is the user;
\`iat\` is required, and \`exp\` is at most a day ahead. They must be signed with \`RS256\` (2,048 bits or more), \`ES256\` or \`EdDSA\`
(Ed25519), whichever the type of the key allows.

- Parley fetches the keys from \`url\`, under the rules for [tool addresses](agents-and-tools.md), and again after five minutes.
- If a token names an unknown key, Parley fetches the keys again, at most every half minute for all requests together.
- If the issuer is unavailable, Parley uses the known keys for an hour. After that, or if it knows none, the response is 503
  \`token_issuer_unavailable\`.
- \`DELETE /token-issuer\` ends all its tokens within five seconds, including those of open streams.
- Setting and removing an issuer needs a key without agents and budget, with \`chats:read\`, \`chats:write\` and \`keys:write\` if it has
  scopes, because anyone who can set the issuer can act as any user. \`issuedBy\` names the key that set the issuer. If you revoke
  what that key issued, the issuer is removed.

**Guests.** \`POST /guest\` with a \`guest\` key returns a user id (\`guest_…\`) and a token for the browser to keep. Parley stores only the
token's hash. The token works only with that key and the keys that replace it by rolling. When the guest logs in, call
\`POST /guest/claim\` with the user's token as \`x-user-token\` and the guest's token in the body. The user then owns all chats of the
guest. The call needs both tokens, moves the chats once, and can be repeated safely. Parley forgets a guest who has not used
their token for 400 days; their chats stay with the team. A guest also carries the network that created it, whose
[budget](limits-and-usage.md#budgets) its messages spend. It is encrypted with a key that is derived from the key of the chat
page's cookies, and a claim removes it.

## Shutting somebody out

| call, with \`users:write\` | effect within five seconds, on every server |
| --- | --- |
| \`PUT /user/:userId/block\` | the user's requests get 403 \`user_blocked\`, their running answers stop, and their waiting messages are cancelled |
| \`DELETE /user/:userId/block\` | the user has access again |
| \`POST /user/:userId/sign-out\` | every token issued until now gets 401 \`user_signed_out\`: your JWTs, a guest's token and the chat page's cookie |

- A block applies to the user that a token names. Your servers can still read that user's chats with a secret key.
- To block a guest, use their \`guest_…\` id. Nobody can then claim the chats of that guest. The chats of a signed-out guest cannot
  be claimed with a token from before the sign-out.
- After a sign-out, a user's tokens need \`iat\` (in whole seconds). A token without it, or from the second of the sign-out, is
  rejected.
- An \`iat\` may be up to 30 seconds in the future, because your server's clock may be ahead. A sign-out that happens before the
  \`iat\` of a token does not end that token. Synchronize the clocks of the servers that sign tokens; if they may be ahead, repeat
  the sign-out after 30 seconds. A block has no such gap.
- A server that does not know of a block yet may still accept a message of the user. Its answer is stopped within about ten
  seconds after the block.
- A block and a sign-out outlast the deletion of the user. Parley stores them as a SHA-256 of team and user id with two timestamps,
  and nothing else about the user. Lifting a block deletes it. Parley keeps a sign-out for 402 days, longer than any token, guest
  or cookie that it ended can live. Exports contain neither.

## Streams

An open stream ends when the credentials that opened it end, and so does a request that waits for its answer without a stream.
Every two seconds, each server reads the credentials of all its open streams and waiting requests again, including the limits of
the keys that issued a key. A stream or request ends within five seconds when:

- its key is revoked or restricted to other origins,
- its signing secret is deleted, or its token issuer is removed or replaced,
- its guest is deleted or claimed,
- its user is blocked or signed out.

This holds for REST and tRPC. The stream ends with an error that has the code a new request would get. A waiting request gets this
error with the \`messageId\`; the answer continues and is stored. If the database cannot be read, streams and waiting requests end 30
seconds after the last successful check (\`database_unavailable\`). When a key or token expires, the stream of a chat ends too, but
the stream of one answer and a request that waits for it continue to the end of that answer. For the number of open streams and for
clients that do not read, see [Open streams](limits-and-usage.md#open-streams).

| stream | last event |
| --- | --- |
| \`GET /chat/events\`, \`GET /chat/:chatId/events\` | an event without an id: \`{"type": "error", "code": "user_token_expired", "message": "…"}\` |
| answers (AI SDK) | \`data-refusal\` with the code, \`error\` with the sentence, \`[DONE]\` |
| tRPC subscriptions | an error with the code in \`data.apiError.code\` |

Open the stream again with a new token, after the last event that had an id. You miss no event and get none twice. The
[client packages](clients.md) do this for you.

## Keys

A key consists of \`pk_live_\` or \`sk_live_\`, 32 characters of base62 (190 random bits), and six characters with a CRC32 of everything
before them. The server rejects a mistyped key without reading the database, and secret scanners can recognise a leaked key:

\`\`\`
\\b[ps]k_live_[0-9A-Za-z]{38}\\b        API keys
\\b(?:gt|ss)_live_[0-9A-Za-z]{38}\\b    guests' tokens, signing secrets
\`\`\`

The database stores the SHA-256 of a key and its first twelve characters. Every server rejects a revoked or expired key within
five seconds.

**Origins.** A secret key is rejected when a web page sends it (the request has an \`Origin\`), because everyone who opens that page
can read the key. It is accepted if the key names that origin. A publishable key that names origins is rejected on all other
pages, and these pages cannot read the error. Origins protect against use in other people's pages, not against programs, which
can send any origin.

### Keys that issue keys

A secret key with \`keys:write\` issues keys. \`issuedBy\` names the issuer. \`familyId\` names the first key of a family: the keys that
replaced one another by rolling. A key without an issuer is a root: the first keys of a team, keys made by the admin command, and
keys that are older than this rule.

| limit of the issuer | it can issue |
| --- | --- |
| \`scopes\`, \`agentIds\` | keys with a subset of its own; a publishable key needs an issuer with \`chats:read\`, \`chats:write\` and \`agents:read\` |
| \`expiresAt\` | keys that end no later (by default at the same time). Moving it to an earlier time also ends the issued keys |
| \`origins\` | keys for a subset of its origins (by default the same ones) |
| \`tokensPerDay\` | keys with at most the same budget. Their usage counts against the budget of every issuer above them |
| generations | a key, the keys it issued, and the keys those issued. Further ones get 403 \`too_many_key_generations\` |

- A key with any of these limits, its own or its issuer's, can change and revoke only itself and the keys below it. It cannot
  give them more than it has, and can roll only the keys below it (403 \`key_beyond_yours\`). No key can give an issued key more
  than its issuer has (409 \`key_beyond_issuer\`).
- A key that is limited to agents lists only the keys for these agents. Every other key with \`keys:read\` lists all keys.
- Revoking a key with limits also revokes everything its family issued: keys, signing secrets, and the token issuer if one of
  these keys set it. For a key without limits, \`revokeIssued=true\` does the same. The audit log has an entry for each.
- Rolling a key creates a successor with the same family, limits and expiry. The keys that the old key issued keep working and
  keep their \`issuedBy\`. To end a key but not the keys that it issued, roll it with \`overlapSeconds: 0\`. To end both, revoke it.
- During its overlap, the old key can issue only keys that expire no later than itself. It cannot roll itself, and cannot manage
  signing secrets, the token issuer, or keys that it did not issue. You can move its expiry to an earlier time, but not to a
  later one (409 \`key_replaced\`). When the old key expires or is revoked, the keys that it issued during the overlap end. Keys
  that it issued before the overlap keep working.

If all secret keys of a team are lost, the operator creates a root key with the admin command
(\`npm run -s admin -- key create --team team_… --kind secret\`). A root key without limits can revoke every key of the team.

### Audit log

\`GET /audit\` lists who changed what with secret keys and with the admin command, with the caller's address and the limits of keys
that were created or changed. It also lists chats that were deleted with a secret key, and attempts to manage keys or signing
secrets without permission (outcome \`refused\`, at most once an hour for each key and operation).

## Frames

Only pages at the origins of its key can frame the [embedded chat](embed.md) (\`frame-ancestors\`); with an invalid key, no page can.
No page can frame the chat page and the API reference. The embedded chat is served by your Parley server, so its requests have the
server's own origin, which every key accepts: access depends on the key and the visitor's token. The frame has no cookie and no
session. The surrounding page has another origin; it cannot read the frame and cannot forge its visitor's token.

## Tools

A tool of an agent is an address that the server calls when the model asks for it, and the words of a user can make the model ask.

- Only secret keys can set tools. The server calls only the tools of the agent, with arguments that match the tool's schema, and
  makes at most 64 calls for an answer (eight steps of eight calls). The model receives the result as data.
- Addresses of this machine, of private networks and of cloud metadata services are rejected in every notation. The server checks
  the address again when it connects.
- The values of headers are [encrypted](operate.md#encrypted-secrets) in the database, never returned and never logged.
- A tool cannot know whether the user meant what the model asks for. It must not do anything that the user of the chat is not
  allowed to do.

More: [Agents and tools](agents-and-tools.md).`;
