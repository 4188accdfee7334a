import { z } from 'zod';

/**
 * tRPC's error codes that Parley uses, with the HTTP status each means at both doors. tRPC holds the same
 * table; a test keeps the two equal.
 */
export const statusOfTrpcCode = {
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_SUPPORTED: 405,
  TIMEOUT: 408,
  CONFLICT: 409,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  UNPROCESSABLE_CONTENT: 422,
  TOO_MANY_REQUESTS: 429,
  INTERNAL_SERVER_ERROR: 500,
  BAD_GATEWAY: 502,
  SERVICE_UNAVAILABLE: 503,
  GATEWAY_TIMEOUT: 504,
} as const;

export type TrpcCode = keyof typeof statusOfTrpcCode;
export type ErrorStatus = (typeof statusOfTrpcCode)[TrpcCode];

/** The short name of a status, the envelope's `error`. */
export const nameOfStatus: Record<ErrorStatus, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

interface ErrorEntry {
  readonly trpcCode: TrpcCode;
  /** The sentence the caller reads: what happened and what to do. */
  readonly message: string;
  /** For the documentation: when this is answered. */
  readonly when: string;
  /** Seconds after which trying again makes sense, where waiting helps. */
  readonly retryAfterSeconds?: number;
}

/**
 * The register of refusals. A code never changes its meaning and is never reused; statuses, messages, types,
 * `docs/errors.md` and the OpenAPI document all derive from this table.
 */
export const errorRegister = {
  invalid_input: {
    trpcCode: 'BAD_REQUEST',
    message: 'The request is not valid. `issues` names each field and what it must be.',
    when: 'A field is missing, unknown, of the wrong type or out of its bounds. Nothing was written.',
  },
  malformed_request: {
    trpcCode: 'BAD_REQUEST',
    message:
      'The request could not be read: send a well-formed URL, headers and, with a body, one JSON object.',
    when: 'The body is no JSON object, the URL holds a broken percent-escape, or the headers are not HTTP.',
  },
  invalid_cursor: {
    trpcCode: 'BAD_REQUEST',
    message: 'This cursor was not made by this list with these filters. Start again without one.',
    when: 'A `cursor` was changed, comes from another list, or is sent with other filters.',
  },
  unauthorized: {
    trpcCode: 'UNAUTHORIZED',
    message: 'A valid API key is needed: send it as `x-api-key: <key>` or `Authorization: Bearer <key>`.',
    when: 'No key, or one that is unknown, revoked or expired. One answer for all, on purpose.',
  },
  user_token_needed: {
    trpcCode: 'UNAUTHORIZED',
    message:
      'This key is for one user at a time: send their token as `x-user-token` (`POST /guest` gives one to guests).',
    when: 'A publishable key whose `access` is `guest` or `verified` came without a user token.',
  },
  user_token_invalid: {
    trpcCode: 'UNAUTHORIZED',
    message:
      'This user token is not valid. Get a new one: from your servers, or for a guest from `POST /guest`.',
    when: "The token is malformed, not signed with a secret of the team, for another audience, not valid yet, valid for too long, another key's, or of a guest who is gone. One answer for all, on purpose.",
  },
  user_token_expired: {
    trpcCode: 'UNAUTHORIZED',
    message: 'This user token has expired. Get a new one from your servers.',
    when: 'The token was a good one; its `exp` is past.',
  },
  user_signed_out: {
    trpcCode: 'UNAUTHORIZED',
    message:
      'The user was signed out after this token was issued. Sign in again: get a new token, with `iat` in it.',
    when: 'The user was signed out (`POST /user/:userId/sign-out`), and the token was issued before that, or does not say when (`iat`).',
  },
  origin_not_allowed: {
    trpcCode: 'FORBIDDEN',
    message: 'Only the chat page of this very server is answered here. Open the chat at its own address.',
    when: "The chat page's session was asked for by another site, or by something that does not say who asks: `Origin` is not the address that was called.",
  },
  key_origin_not_allowed: {
    trpcCode: 'FORBIDDEN',
    message: 'This key may not be used from this web origin. Add the origin to the key, or use another key.',
    when: "A browser sent a publishable key from an origin that is not among the key's.",
  },
  secret_key_in_browser: {
    trpcCode: 'FORBIDDEN',
    message:
      'This is a secret key, and a web page sent it: whoever opens the page can read it. Use a publishable key, and roll this one.',
    when: "A browser sent a secret key from another origin than the server's own. A key may name origins that it is meant for.",
  },
  secret_key_needed: {
    trpcCode: 'FORBIDDEN',
    message: 'This takes a secret key (`sk_live_…`): it is for your servers, not for browsers.',
    when: 'A publishable key was used for what only a secret key may do.',
  },
  key_scope_missing: {
    trpcCode: 'FORBIDDEN',
    message: 'This key has no scope for this. Use a key with the scope that the documentation names.',
    when: 'A secret key that has scopes was used for what none of them covers.',
  },
  key_beyond_yours: {
    trpcCode: 'FORBIDDEN',
    message:
      'Your key has limits: it can issue keys within them, and change or revoke only itself and keys that it issued. Use a key without limits.',
    when: 'A secret key with scopes, agents, an end, origins or a budget was to issue, change, roll or revoke a key beyond these limits, a key that it did not issue, or to give itself more.',
  },
  unrestricted_key_needed: {
    trpcCode: 'FORBIDDEN',
    message:
      'Signing secrets and the token issuer speak for every user of your team. Use a secret key without agents, end, budget and origins; if it has scopes, `chats:read`, `chats:write` and `keys:write` must be among them.',
    when: 'Signing secrets, or the token issuer, were to be dealt with by a restricted secret key.',
  },
  too_many_key_generations: {
    trpcCode: 'FORBIDDEN',
    message:
      'Your key was issued by a key that was itself issued: it can issue no further keys. Use one of those.',
    when: 'A key of the third generation was to issue a key.',
  },
  whole_team_key_needed: {
    trpcCode: 'FORBIDDEN',
    message: 'This is about the whole team, and this key is for some agents. Use one that is for all.',
    when: 'A key that is restricted to agents was used for what concerns all of the team.',
  },
  guest_key_needed: {
    trpcCode: 'FORBIDDEN',
    message: 'Guests are made with a publishable key whose `access` is `guest`, without a user token.',
    when: 'A guest was asked for with another key, or by someone who has a token already.',
  },
  verified_user_needed: {
    trpcCode: 'FORBIDDEN',
    message: 'Send the `x-user-token` that your servers signed for the user who takes over the chats.',
    when: "A guest's chats were claimed by someone who is no verified user.",
  },
  user_blocked: {
    trpcCode: 'FORBIDDEN',
    message: 'This user is blocked. Ask the owner of this service to lift the block.',
    when: 'The user of the token was blocked (`PUT /user/:userId/block`).',
  },
  user_not_allowed: {
    trpcCode: 'FORBIDDEN',
    message:
      'The request names another user than the token does. Leave `userId` out: the token says who it is.',
    when: 'A `userId` came that is not the one of the user token.',
  },
  web_app_local_only: {
    trpcCode: 'FORBIDDEN',
    message:
      'The chat page works on the machine that runs the server. To open it to others, start with `WEB_APP=on`.',
    when: "The chat page's session was asked for from another machine, through a proxy, or under a name that is not this machine's own.",
  },
  chat_not_found: {
    trpcCode: 'NOT_FOUND',
    message: 'There is no such chat. Check the id, and that the key belongs to the team that made it.',
    when: "The chat does not exist, was deleted, or is another team's.",
  },
  key_not_found: {
    trpcCode: 'NOT_FOUND',
    message: 'There is no such key. `GET /key` lists the keys of your team.',
    when: "The key does not exist or is another team's.",
  },
  signing_secret_not_found: {
    trpcCode: 'NOT_FOUND',
    message: 'There is no such signing secret. `GET /signing-secret` lists those of your team.',
    when: "The signing secret does not exist or is another team's.",
  },
  token_issuer_not_found: {
    trpcCode: 'NOT_FOUND',
    message: 'Your team has no token issuer. `PUT /token-issuer` sets one.',
    when: 'The team has set no issuer of user tokens.',
  },
  agent_not_found: {
    trpcCode: 'NOT_FOUND',
    message: 'There is no such agent. `GET /agent` lists the agents of your team.',
    when: "The agent does not exist or is another team's.",
  },
  agent_version_not_found: {
    trpcCode: 'NOT_FOUND',
    message: 'The agent has no such version, or no longer: the newest 20 are kept.',
    when: 'An agent was to be rolled back to a version that it never had, or that is too old.',
  },
  message_not_found: {
    trpcCode: 'NOT_FOUND',
    message:
      "There is no such answer in this chat. `messageId` is the id an answer has, not the user's message.",
    when: 'The chat holds no answer, running or ended, with this id.',
  },
  route_not_found: {
    trpcCode: 'NOT_FOUND',
    message: 'There is nothing at this address. `GET /openapi.json` lists what there is.',
    when: 'The path names no operation.',
  },
  method_not_allowed: {
    trpcCode: 'METHOD_NOT_SUPPORTED',
    message: 'This address does not take this method. The `Allow` header names those it takes.',
    when: 'The path exists, the method does not.',
  },
  chat_full: {
    trpcCode: 'CONFLICT',
    message: 'This chat is full (10,000 messages or 16 MiB of text). Start a new chat.',
    when: 'The chat has reached its bounds.',
  },
  queue_full: {
    trpcCode: 'CONFLICT',
    message: 'Eight messages of this chat already wait for their answers. Send this one again later.',
    when: 'Too many messages of one chat wait.',
    retryAfterSeconds: 2,
  },
  chat_busy: {
    trpcCode: 'CONFLICT',
    message: 'This chat is still answering. Send again when it has ended, or without `onBusy: "reject"`.',
    when: 'A message sent with `onBusy: "reject"` met a chat whose newest turn has not ended.',
    retryAfterSeconds: 2,
  },
  not_retryable: {
    trpcCode: 'CONFLICT',
    message: 'Only a failed answer that is the newest of its chat can be retried. Send a message instead.',
    when: 'The answer has not failed, or the chat went on after it.',
  },
  guest_claimed: {
    trpcCode: 'CONFLICT',
    message: "This guest's chats already belong to another user.",
    when: 'A guest token was used to claim chats that a different user has claimed.',
  },
  signing_secrets_full: {
    trpcCode: 'CONFLICT',
    message: 'Five signing secrets work already. Revoke one, or wait until one has ended.',
    when: 'A further signing secret was to be made while as many as may be still work.',
  },
  agent_changed: {
    trpcCode: 'CONFLICT',
    message:
      'The agent has changed since you read it. Read it again, and make your change to what it is now.',
    when: "A change named an `expectedVersion` that is not the agent's.",
  },
  key_beyond_issuer: {
    trpcCode: 'CONFLICT',
    message:
      'The key that issued this key has less than that. Give the issuing key more first, or create a key without it.',
    when: 'A key that another key issued was to be given a later end, a larger budget or other origins than its issuer has.',
  },
  key_ended: {
    trpcCode: 'CONFLICT',
    message: 'This key was revoked or has expired. Make a new one.',
    when: 'A key that no longer works was to be rolled or changed.',
  },
  payload_too_large: {
    trpcCode: 'PAYLOAD_TOO_LARGE',
    message:
      'The request is too large: a body may have at most 512 KiB, or 1 MiB for an agent or a tRPC batch.',
    when: 'The body exceeds 512 KiB (an agent or a tRPC batch: 1 MiB), or the headers 16 KiB.',
  },
  payload_too_complex: {
    trpcCode: 'PAYLOAD_TOO_LARGE',
    message: 'The JSON has too many parts: send at most 10,000 object keys, nested at most 32 levels deep.',
    when: 'The body, or the `input` of a tRPC query, has more than 10,000 object keys or is nested more than 32 levels deep.',
  },
  request_timeout: {
    trpcCode: 'TIMEOUT',
    message:
      'The request took too long to arrive. Send its headers within 10 seconds and its body within 30.',
    when: 'The client connected and did not send its whole request in time. The connection is closed.',
  },
  unsupported_media_type: {
    trpcCode: 'UNSUPPORTED_MEDIA_TYPE',
    message: 'Send the body as JSON, with `Content-Type: application/json`.',
    when: 'A body came without or with another content type.',
  },
  idempotency_key_reused: {
    trpcCode: 'UNPROCESSABLE_CONTENT',
    message: 'This `Idempotency-Key` was used with another request. Use a new key for a new request.',
    when: 'The same key came with another body. Nothing was written.',
  },
  rate_limited: {
    trpcCode: 'TOO_MANY_REQUESTS',
    message: 'Too many requests in this minute. Go on after `Retry-After` seconds.',
    when: 'The key, the user or the address has reached its requests a minute; `X-RateLimit-*` on every answer tells how many are left. Nothing was recorded: repeat the request, with the same `Idempotency-Key`.',
    retryAfterSeconds: 60,
  },
  budget_exhausted: {
    trpcCode: 'TOO_MANY_REQUESTS',
    message: 'The budget of tokens for today is used up. It begins again at midnight UTC (`Retry-After`).',
    when: 'A message was sent whose key, user or team has spent its tokens of the day; the sentence says whose. Nothing was written.',
    retryAfterSeconds: 3_600,
  },
  too_many_turns: {
    trpcCode: 'TOO_MANY_REQUESTS',
    message:
      'Too many messages are being answered at a time. Send this one again after `Retry-After` seconds.',
    when: "The user the caller is bound to, the caller's network, or a team that has set a bound has as many unfinished answers as it may have at a time. Nothing was written.",
    retryAfterSeconds: 2,
  },
  too_many_streams: {
    trpcCode: 'TOO_MANY_REQUESTS',
    message: 'Too many streams are open at a time. Close one, or try again after `Retry-After` seconds.',
    when: 'The user, the address or the server has as many open streams as it may have. Nothing was written.',
    retryAfterSeconds: 5,
  },
  internal_error: {
    trpcCode: 'INTERNAL_SERVER_ERROR',
    message: 'Something went wrong on our side. Try again; if it stays, tell the operator the `requestId`.',
    when: 'A bug. The log holds the cause under the same `requestId`.',
  },
  model_failed: {
    trpcCode: 'BAD_GATEWAY',
    message: 'The model could not answer. Your message is kept; retry it, or send another to go on.',
    when: 'The model answered with an error, with nothing, or broke off, and trying again did not help.',
  },
  model_refused: {
    trpcCode: 'BAD_GATEWAY',
    message:
      "The model's server refused the request. Your message is kept; the operator finds the reason in the log.",
    when: "The model's server answered 4xx: its key, the model's name, its settings or the length of the history are wrong.",
  },
  model_rate_limited: {
    trpcCode: 'BAD_GATEWAY',
    message: "The model's server is busy (its rate limit). Your message is kept; try again in a while.",
    when: "The model's server still answered 429 after all retries.",
  },
  interrupted: {
    trpcCode: 'BAD_GATEWAY',
    message:
      'The answer was interrupted more than once and given up. Your message is kept; retry it, or send another.',
    when: 'The processes that ran this turn died, three times in a row.',
  },
  model_timeout: {
    trpcCode: 'GATEWAY_TIMEOUT',
    message: 'The model did not answer in time. Your message is kept; retry it, or send another to go on.',
    when: 'The model was silent for too long, or the turn took longer than it may.',
  },
  answer_pending: {
    trpcCode: 'GATEWAY_TIMEOUT',
    message: 'The answer takes longer than a request may wait. It goes on: find it in the list of messages.',
    when: 'A waiting send reached its bound. The turn goes on; `messageId` is the answer to come.',
  },
  model_not_configured: {
    trpcCode: 'SERVICE_UNAVAILABLE',
    message:
      'No model is set up. Set OPENAI_API_KEY, or OPENAI_BASE_URL for any compatible server, and start again.',
    when: 'The server was started without a model (`LOCAL_MODEL=off` and none configured or found).',
    retryAfterSeconds: 60,
  },
  web_app_not_configured: {
    trpcCode: 'SERVICE_UNAVAILABLE',
    message:
      'The chat page has no key. Set WEB_PUBLISHABLE_KEY to a publishable key of your team, and start again.',
    when: 'The server does not hold the keys of the first team, and none was set for the chat page.',
    retryAfterSeconds: 60,
  },
  model_loading: {
    trpcCode: 'SERVICE_UNAVAILABLE',
    message: 'The model is not ready yet. Try again in a moment.',
    when: 'The first start fetches and loads a small local model. The message says how far it is.',
    retryAfterSeconds: 5,
  },
  token_issuer_unavailable: {
    trpcCode: 'SERVICE_UNAVAILABLE',
    message:
      'The keys of the token issuer cannot be fetched, so the user token can be neither accepted nor rejected. Try again ' +
      'later; the team can see and change the address with `/token-issuer`.',
    when: 'A user token names a key of the team’s issuer, and its key set has not been reachable for an hour, or never was.',
    retryAfterSeconds: 30,
  },
  encryption_key_outdated: {
    trpcCode: 'SERVICE_UNAVAILABLE',
    message:
      'This server does not have the present encryption key, so it cannot store secrets. Ask its operator to start it ' +
      'again with that key; another server may take the request.',
    when: 'A signing secret or the header of a tool is to be stored, and the encryption key was changed since the server started.',
    retryAfterSeconds: 30,
  },
  database_unavailable: {
    trpcCode: 'SERVICE_UNAVAILABLE',
    message: 'The database cannot be reached. Try again in a moment.',
    when: 'MongoDB does not answer. With `messageId`, whether the message was stored is not known yet: look at the list.',
    retryAfterSeconds: 2,
  },
  database_preparing: {
    trpcCode: 'SERVICE_UNAVAILABLE',
    message: 'The database is being prepared for this release. Try again in a few minutes.',
    when: 'A unique index that keeps writes from being doubled is missing. A server builds it in the background; until then writes are rejected, and `/readyz` names the index.',
    retryAfterSeconds: 30,
  },
  overloaded: {
    trpcCode: 'SERVICE_UNAVAILABLE',
    message: 'This server is doing as much as it can. Try again after `Retry-After` seconds.',
    when: 'All places for running answers of this server are taken, and as many messages wait already; or many large lists are asked for at a time. Nothing was written.',
    retryAfterSeconds: 2,
  },
  answer_restarted: {
    trpcCode: 'SERVICE_UNAVAILABLE',
    message: 'The answer is being generated anew. Open its stream again: it starts over.',
    when: 'In a stream only: the process that wrote the answer was lost, and another one began it again.',
    retryAfterSeconds: 1,
  },
  draining: {
    trpcCode: 'SERVICE_UNAVAILABLE',
    message: 'This server is shutting down. Try again: another one takes over.',
    when: 'The process was told to stop. With `messageId`, the turn goes on elsewhere: so does its stream.',
    retryAfterSeconds: 2,
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorRegister;

export const errorCodes = Object.keys(errorRegister) as [ErrorCode, ...ErrorCode[]];

export const errorCodeSchema = z.enum(errorCodes).meta({
  id: 'ErrorCode',
  description:
    'A stable machine name of what happened; docs/errors.md explains each. There may be more one day.',
});

/** What the register says of a code. */
export function errorEntry(code: ErrorCode): ErrorEntry {
  return errorRegister[code];
}

/** The HTTP status a code is answered with. */
export function statusOf(code: ErrorCode): ErrorStatus {
  return statusOfTrpcCode[errorRegister[code].trpcCode];
}
