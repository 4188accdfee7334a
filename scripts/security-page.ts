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
  { title: 'guest key', may: ({ callers }) => (callers === 'newcomer' ? 'yes' : '') },
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
  const streams = { 'message.follow': ['streamMessage', 'streamChat'], 'chat.follow': ['followChat'] }[
    procedure
  ];
  return streamOperations
    .filter(({ operationId }) => streams?.includes(operationId))
    .map(({ path }) => `\`GET ${path}\``);
}

const HEAD = `# Who may do what

<!-- Written by \`npm run docs\` from packages/api/src/policies.ts and scripts/security-page.ts. Change those instead. -->

A request is answered for **a team**, or for **one of its users**. The key decides the team. What comes with it decides
the rest:

| comes with | is | reaches |
| --- | --- | --- |
| a secret key (\`sk_live_…\`) | the team's servers | the team, and administers it |
| a publishable key, \`access: "open"\` | whoever has it | all chats of the team |
| a publishable key, \`access: "guest"\`, and a token of \`POST /guest\` | a guest | their own chats |
| a publishable key, \`guest\` or \`verified\`, and a token that your servers or your identity provider signed | a verified user | their own chats |
| a \`guest\` or \`verified\` key alone | nobody yet | nothing; a \`guest\` key may make a guest |
| any key, with a user token beside it | that user | their own chats: a token only ever narrows |

**An open key is what the documented API began with.** ${openKeyWarning}

A user's id comes from their token alone. A \`userId\` in the request may repeat it and say no other (403). A chat of
another user is answered as one of another team and as one that never was: 404, in every procedure, stream and batch.

## The table

*team*: all that the key reaches. *own*: the chats of the user of the token. Nothing: 401 or 403, and nothing is written.`;

const TAIL = `The column *credential* names what a procedure issues or deals with. **Issuing a credential never grants more than the issuer
has:** see [Keys that issue keys](#keys-that-issue-keys). The procedures for signing secrets and the token issuer take a secret key without agents,
end, budget and origins; if it has scopes, \`chats:read\`, \`chats:write\` and \`keys:write\` must be among them, because whoever
has a signing secret acts as any user of the team (403 \`unrestricted_key_needed\`). A guest's token works beside its own key
alone, and so within the limits of that key.

Secret keys may be restricted to \`scopes\` (the column above; without any, all). Keys of either kind may be restricted to
\`agentIds\`: those agents, and the chats with them. Both are set when a key is made and stay, also when it is rolled.

The table is the code: a procedure that does not stand in it compiles in no build, and answers nobody. The tests hold each
row against each kind of caller, with things of their own, of another user and of another team, over REST, tRPC, tRPC
batches and streams, and each open stream against each way a credential can end (\`apps/server/test/authorization\`), by expectations that were written from this page and not from the code.

## The gate

Every request passes one gate, whatever its route, and so does every tRPC call, those of batches and subscriptions included.
It needs the headers alone. The order is:

1. **Address.** Before a key or token that the server does not know is looked up, its address must have unidentified requests
   left. A key or token that does not exist is remembered for two seconds, so that it is not looked up again.
2. **Key.** The key must exist, must not be revoked or expired, and must be allowed for the page that sends it. Then the user's
   token, where there is one. A request that fails here counts for its address, as unidentified.
3. **Limits** of the key, the user and the address. Each must have room for all calls of the request, or it is 429
   \`rate_limited\`, counts for nobody and makes no further read of the database.
4. **The table above.** A caller who may make none of the calls is answered 403, before the body is read.
5. **The body**: its size, then its object keys and depth, and only then its content.

| request | counts for |
| --- | --- |
| a secret key | the key: 6,000 a minute, together with the keys it was rolled into |
| a secret key and a user's token | the key, and the user: 60 a minute |
| an \`open\` key | the key, and the address: 1,200 a minute |
| a publishable key and a user's or guest's token | the key, the user, and the address |
| no key, an unknown or wrong one, a wrong token, a \`guest\` or \`verified\` key alone, a route without a key | the address alone: 120 a minute |
| \`POST /guest\`, \`POST /web/session\` | the address alone: 300 a minute for both |

So nobody can use up your key's limit without a token of one of your users, and one visitor uses up their own limit and not
that of others. All limits, and how to set them: [limits-and-usage.md](limits-and-usage.md).

## User tokens

Make a signing secret with a secret key: \`POST /signing-secret\`. It is shown once. Sign a JWT with it on your servers, for
the user who is logged in there, and give it to your page:

| claim | |
| --- | --- |
| \`sub\` | your id of the user, 1 to 256 characters |
| \`aud\` | your team's id (\`audience\` of the answer that made the secret) |
| \`exp\` | at most an hour ahead |
| \`iat\` | when it was signed; needed once the user was signed out, so always set it |
| header \`alg\` | \`HS256\`, and nothing else |
| header \`kid\` | the secret's id; may be left out, but with it a new secret works at once on every server |

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

It goes out as \`x-user-token\`, beside the key. One that is malformed, unsigned, signed otherwise, of another team, not
valid yet or valid for too long is 401 \`user_token_invalid\`, one answer for all; a good one that is past its \`exp\` is
\`user_token_expired\`: get another, and go on. Half a minute between your clock and ours is allowed.

**To roll the secret**, make another: those before it work for the overlap (\`overlapSeconds\`, a day unless said
otherwise), and end. \`DELETE /signing-secret/:secretId\` ends one within five seconds, everywhere. At most five work at a
time. Signing secrets are [encrypted](operate.md#encrypted-secrets) in the database; whoever checks a signature needs the
secret itself, so a hash would not do.

**Tokens of your identity provider** are accepted without a shared secret. Say once, with a secret key, whose they are:

\`\`\`sh
curl -X PUT "$URL/token-issuer" -H "x-api-key: $SECRET_KEY" -H 'content-type: application/json' -d '{
  "url": "https://login.example.com/.well-known/jwks.json",
  "issuer": "https://login.example.com/",
  "audience": "chat"
}'
\`\`\`

From then on a JWT of that issuer works as \`x-user-token\`: \`iss\` and \`aud\` as set, to the letter; \`sub\` the user; \`iat\`,
and \`exp\` at most a day ahead; signed with \`RS256\` (2,048 bits or more), \`ES256\` or \`EdDSA\` (Ed25519), the one that the
type of the key allows. The keys are fetched from \`url\`, under the rules for [tools' addresses](agents-and-tools.md), and
again after five minutes. A key that is not known yet is looked for at once, but for all requests together at most every half
minute. While the issuer is away, known keys are used for an hour; after that, and where none are known, the answer is 503
\`token_issuer_unavailable\` and not 401. \`DELETE /token-issuer\` ends its tokens within five seconds, open streams included.
Setting and removing an issuer takes a key that is limited to no agents and no budget, with \`chats:read\`, \`chats:write\` and
\`keys:write\` if it has scopes: who names the issuer could become any user. \`issuedBy\` names the key that set it; when what that key issued is revoked, the
issuer is removed.

**Guests.** \`POST /guest\` with a \`guest\` key gives a user id (\`guest_…\`) and a token, which the browser keeps. Only its
hash is stored. It works with that key and its successors alone. When the guest logs in, \`POST /guest/claim\`, with the
user's token as \`x-user-token\` and the guest's in the body, gives the user all chats of the guest. Both proofs are needed,
it happens once, and calling again is harmless. A guest who was not let in for 400 days is forgotten; their chats stay the
team's.

## Shutting somebody out

| you call, with \`users:write\` | what happens within five seconds, on every server |
| --- | --- |
| \`PUT /user/:userId/block\` | the user's requests get 403 \`user_blocked\`, their running answers stop, their waiting messages are cancelled |
| \`DELETE /user/:userId/block\` | the user may come in again |
| \`POST /user/:userId/sign-out\` | every token issued until now gets 401 \`user_signed_out\`: your JWTs, a guest's token, the chat page's cookie |

A user is who a token names; a block does not stop your own servers from reading that user's chats. Block a guest by
their \`guest_…\` id: nobody can take over the chats of a blocked guest, nor those of one who was signed out with the token
from before. Once a user was signed out, their tokens must say
when they were issued (\`iat\`, in whole seconds): one without it, or of the second of the sign-out, is refused.

Deleting a user deletes neither: a block and a sign-out go on to hold, as a SHA-256 of team and user id with two times,
and nothing else of the user stays. Lifting the block removes it. A sign-out is kept for 402 days: longer than
every token, guest and cookie that it withdrew can live, because a use that is refused prolongs none of them. They are not
exported, as keys are not.

## Streams

An open stream lives no longer than what it was opened with. Every server reads the credentials of all its open streams
again every two seconds, with the limits of the keys that issued a key. When a key is revoked or limited to other origins,
a signing secret deleted, the token issuer removed or replaced, a guest deleted or claimed, a user blocked or signed out,
the streams opened with it end within five seconds, over REST and tRPC alike, with an error that carries the
code a new request would get. Where the database cannot be read, streams end 30 seconds after the last successful check
(\`database_unavailable\`). When a key or a token expires, the stream of a chat ends likewise; the stream of one answer goes
on to the end of that answer. A request that waits for its answer without a stream may finish. How many streams may be open, and what becomes of a reader
that takes nothing: [limits-and-usage.md](limits-and-usage.md#open-streams).

| stream | how it ends |
| --- | --- |
| \`GET /chat/:chatId/events\` | a last event without an id: \`{"type": "error", "code": "user_token_expired", "message": "…"}\` |
| streams of answers (AI SDK) | \`data-refusal\` with the code, \`error\` with the sentence, \`[DONE]\` |
| tRPC subscriptions | an error whose \`data.apiError.code\` is the code |

Open it again after the last event that had an id, with a new token: nothing is lost and nothing comes twice. The
[clients](clients.md) show how.

## Keys

A key is \`pk_live_\` or \`sk_live_\`, 32 characters of base62 (190 random bits) and six of a CRC32 over all before them, so
that a mistyped key is refused without a look at the database, and scanners of leaked secrets can tell one from noise:

\`\`\`
\\b[ps]k_live_[0-9A-Za-z]{38}\\b        API keys
\\b(?:gt|ss)_live_[0-9A-Za-z]{38}\\b    guests' tokens, signing secrets
\`\`\`

The database holds the SHA-256 and the first twelve characters. A key that is revoked, or has expired, is refused by every
server within five seconds. A secret key that comes with the \`Origin\` of a page is refused, unless it names that origin:
whoever opens the page can read it. A publishable key that names origins is refused from all others, and the page may not
even read that. Origins are a speed bump and no authentication: a program says what origin it likes.

### Keys that issue keys

A secret key with \`keys:write\` issues keys. \`issuedBy\` names the issuer, \`familyId\` the first of the keys that replaced each
other by rolling. A key that nobody issued is a root: the first keys of a team, those of the admin command, and all that are
older than this rule.

| limit | what a key may issue |
| --- | --- |
| \`scopes\`, \`agentIds\` | keys with some of its own; for a publishable key it needs \`chats:read\`, \`chats:write\` and \`agents:read\` |
| \`expiresAt\` | keys that end no later; the same end unless one is given. Moving it ahead ends the issued keys as well |
| \`origins\` | keys for some of its origins; the same ones unless some are given |
| \`tokensPerDay\` | keys with a budget of at most as much; what they spend counts against every budget up the chain |
| generations | a key, the keys that it issued, and the keys that those issued; no further (403 \`too_many_key_generations\`) |

- A key with any of these limits, its own or its issuer's, changes and revokes only itself and the keys below it, gives neither
  more than it has itself, and rolls only the keys below it (403 \`key_beyond_yours\`). Nobody gives an issued key more than its
  issuer has (409 \`key_beyond_issuer\`).
- A key for some agents lists and reads the keys for these agents. Every other key with \`keys:read\` lists all.
- Revoking a key with limits revokes all that its family issued: keys, signing secrets, and the token issuer if one of these
  keys set it. Revoking one without limits does so with \`revokeIssued=true\`. Each of them has an entry in the audit log.
- Rolling keeps the family, the limits and the end. What the old key issued goes on, and so does \`issuedBy\`. To end a key and
  keep what it issued, roll it with \`overlapSeconds: 0\`; to end both, revoke it.
- In its overlap the old key is a key with an end: it issues keys that end no later than itself, does not roll itself, and
  deals with no signing secret, no token issuer and no key that it did not issue. Its end can be made earlier, never later (409
  \`key_replaced\`). What it issued since it was rolled ends with it, also when it is revoked; the rest goes on.

The admin command (\`npm run -s admin -- key …\`) makes roots, and revokes any key (\`--revoke-issued\`).

### What is written down

\`GET /audit\` tells who did what with secret keys and at the command line, with the caller's address and, of a key that was
made or changed, its limits. It also tells of chats that were deleted in the name of the team, and of secret keys that asked
to deal with keys or signing secrets beyond what they may (outcome \`refused\`, once an hour for each key and operation).

**In frames.** The [embedded chat](embed.md) may be framed by the pages of its key's origins alone (\`frame-ancestors\`), and by
none with a key that does not work; the chat page and the reference by none at all. The frame is served by this server, so
its calls come from the server's own origin, which every key takes: what lets it in is the key and the token of its visitor.
It has no cookie and no session, and a page cannot read into it (another origin), nor forge its visitor's token.

## Tools

An agent's tools are addresses that the server calls because a model, and so perhaps a user's words, says so. They are set
with secret keys alone. The server calls what the agent has and nothing else, with arguments that fit the tool's schema,
at most eight times eight calls for an answer; what comes back is data for the model. Addresses of this machine, of
private networks and of clouds' metadata are refused in every spelling, and by the very address that is connected to. What
the headers hold is shown by nothing and logged nowhere; it is [encrypted](operate.md#encrypted-secrets) in the database. What a tool does with a call
is its own to judge: it cannot know that the model meant what the user meant, so let it do nothing that the user of the
chat may not do. More: [agents-and-tools.md](agents-and-tools.md).`;
