import { z } from 'zod';

/**
 * tRPC's error codes that Parley uses, with their HTTP status for both tRPC and REST. tRPC has the same
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

/** A tRPC error code that Parley uses. */
export type TrpcCode = keyof typeof statusOfTrpcCode;
/** An HTTP status that Parley answers an error with. */
export type ErrorStatus = (typeof statusOfTrpcCode)[TrpcCode];

/** The short name of each status: the envelope's `error` field. */
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
  /** The sentence for the caller: what is wrong and what to do. */
  readonly message: string;
  /** The cases in which this error occurs, for the documentation. */
  readonly when: string;
  /** Seconds after which a retry can succeed. Absent if waiting does not help. */
  readonly retryAfterSeconds?: number;
}

/**
 * The register of API errors. A code never changes its meaning and is never reused. Statuses, messages,
 * types, `docs/errors.md` and the OpenAPI document are derived from this table.
 */
export const errorRegister = {
  invalid_input: {
    trpcCode: 'BAD_REQUEST',
    message: 'The request is not valid. `issues` names each field and what it must be.',
    when: 'A field is missing, unknown, of the wrong type or out of range. Nothing was written.',
  },
  malformed_request: {
    trpcCode: 'BAD_REQUEST',
    message:
      'The request could not be read. Send a well-formed URL and headers, and a body that is one JSON object.',
    when: 'The body is not a JSON object, the URL has a broken percent-escape, or the headers are not valid HTTP.',
  },
  file_type_not_supported: {
    trpcCode: 'BAD_REQUEST',
    message:
      'This type of file is not supported. Send an image (PNG, JPEG, GIF, WebP), a PDF, or text in UTF-8.',
    when: 'The content of an upload is no image, no PDF and no text in UTF-8. The content counts, not the name.',
  },
  file_not_accepted: {
    trpcCode: 'BAD_REQUEST',
    message: 'This agent does not accept this kind of file. Send a kind that its `accepts` names.',
    when: 'A message names a file of a kind that the agent does not accept. `GET /agent` shows the kinds. Nothing was written.',
  },
  invalid_cursor: {
    trpcCode: 'BAD_REQUEST',
    message: 'This cursor does not belong to this list with these filters. Start again without a cursor.',
    when: 'The `cursor` was changed, comes from another list, or was sent with other filters.',
  },
  unauthorized: {
    trpcCode: 'UNAUTHORIZED',
    message: 'A valid API key is required. Send it as `x-api-key: <key>` or `Authorization: Bearer <key>`.',
    when: 'The key is missing, unknown, revoked or expired. The response does not say which, so that keys cannot be probed.',
  },
  user_token_needed: {
    trpcCode: 'UNAUTHORIZED',
    message:
      "This key requires a user token. Send the user's token as `x-user-token`; `POST /guest` creates one for a guest.",
    when: 'A publishable key with `access` `guest` or `verified` was sent without a user token.',
  },
  user_token_invalid: {
    trpcCode: 'UNAUTHORIZED',
    message:
      'This user token is not valid. Get a new one from your servers, or for a guest from `POST /guest`.',
    when: 'The token is malformed, not signed with a secret of the team, for another audience, not valid yet, valid for too long, belongs to another key, or belongs to a guest that no longer exists. The response does not say which, so that tokens cannot be probed.',
  },
  user_token_expired: {
    trpcCode: 'UNAUTHORIZED',
    message: 'This user token has expired. Get a new one from your servers.',
    when: 'The token was valid, but its `exp` is in the past.',
  },
  user_signed_out: {
    trpcCode: 'UNAUTHORIZED',
    message:
      'The user was signed out after this token was issued. Sign in again to get a new token that contains `iat`.',
    when: 'The user was signed out (`POST /user/:userId/sign-out`) after the token was issued, or the token does not contain its time of issue (`iat`).',
  },
  origin_not_allowed: {
    trpcCode: 'FORBIDDEN',
    message: 'Only the chat page of this server may call this address. Open the chat at its own address.',
    when: 'Another site, or a client that sends no `Origin`, asked for a session of the chat page: `Origin` does not match the address of the server.',
  },
  key_origin_not_allowed: {
    trpcCode: 'FORBIDDEN',
    message: 'This key may not be used from this web origin. Add the origin to the key, or use another key.',
    when: 'A browser sent a publishable key from an origin that the key does not list.',
  },
  secret_key_in_browser: {
    trpcCode: 'FORBIDDEN',
    message:
      'A web page sent this secret key, so everyone who opens the page can read it. Use a publishable key instead, and roll this one.',
    when: "A browser sent a secret key from another origin than the server's own, and the key does not list that origin.",
  },
  secret_key_needed: {
    trpcCode: 'FORBIDDEN',
    message:
      'This operation requires a secret key (`sk_live_…`). Call it from your servers, not from a browser.',
    when: 'A publishable key was used for an operation that requires a secret key.',
  },
  key_scope_missing: {
    trpcCode: 'FORBIDDEN',
    message:
      "This key does not have the scope for this operation. Use a key with the scope that the operation's documentation names.",
    when: 'A secret key with scopes was used for an operation that none of them covers.',
  },
  key_beyond_yours: {
    trpcCode: 'FORBIDDEN',
    message:
      'You cannot grant permissions that your key does not have, or manage keys that it did not issue. Use a key without limits.',
    when: 'A secret key with scopes, agents, an expiry, origins or a budget was used to issue, change, roll or revoke a key beyond these limits, to manage a key that it did not issue, or to extend its own permissions.',
  },
  unrestricted_key_needed: {
    trpcCode: 'FORBIDDEN',
    message:
      'Signing secrets and the token issuer affect every user of your team. Use a secret key without agents, expiry, budget and origins; if it has scopes, they must include `chats:read`, `chats:write` and `keys:write`.',
    when: 'A restricted secret key was used to manage signing secrets or the token issuer.',
  },
  too_many_key_generations: {
    trpcCode: 'FORBIDDEN',
    message:
      'Your key was issued by a key that was itself issued, so it cannot issue keys. Use the key that issued it.',
    when: 'A key of the third generation was used to issue a key.',
  },
  whole_team_key_needed: {
    trpcCode: 'FORBIDDEN',
    message: 'This operation requires a key that is not limited to agents. Use a key for the whole team.',
    when: 'A key that is limited to agents was used for an operation on the whole team.',
  },
  guest_key_needed: {
    trpcCode: 'FORBIDDEN',
    message:
      'Only a publishable key with `access: "guest"`, sent without a user token, can create guests. Use such a key.',
    when: 'A guest was requested with another kind of key, or together with a user token.',
  },
  verified_user_needed: {
    trpcCode: 'FORBIDDEN',
    message:
      'Taking over chats requires a verified user. Send an `x-user-token` that your servers signed for that user.',
    when: "A caller that is not a verified user tried to claim a guest's chats.",
  },
  user_blocked: {
    trpcCode: 'FORBIDDEN',
    message: 'This user is blocked. Ask the owner of this service to lift the block.',
    when: 'The user of the token was blocked (`PUT /user/:userId/block`).',
  },
  user_not_allowed: {
    trpcCode: 'FORBIDDEN',
    message:
      'The `userId` differs from the user of the token. Leave `userId` out: the token identifies the user.',
    when: "The request contains a `userId` that is not the user token's.",
  },
  web_app_local_only: {
    trpcCode: 'FORBIDDEN',
    message:
      'The chat page only works on the machine that runs the server. To open it to others, start the server with `WEB_APP=on`.',
    when: "A session of the chat page was requested from another machine, through a proxy, or under a host name that is not the machine's own.",
  },
  chat_not_found: {
    trpcCode: 'NOT_FOUND',
    message: 'The chat was not found. Check the id, and that the key belongs to the team of the chat.',
    when: 'The chat does not exist, was deleted, or belongs to another team.',
  },
  file_not_found: {
    trpcCode: 'NOT_FOUND',
    message:
      'The file was not found. Check the id, and that you may access the file. Files that are not sent are deleted after a day.',
    when: 'The file does not exist, was deleted, was not sent within a day, or belongs to another team or user.',
  },
  key_not_found: {
    trpcCode: 'NOT_FOUND',
    message: 'The key was not found. `GET /key` lists the keys of your team.',
    when: 'The key does not exist or belongs to another team.',
  },
  signing_secret_not_found: {
    trpcCode: 'NOT_FOUND',
    message:
      'The signing secret was not found. `GET /signing-secret` lists the signing secrets of your team.',
    when: 'The signing secret does not exist or belongs to another team.',
  },
  token_issuer_not_found: {
    trpcCode: 'NOT_FOUND',
    message: 'Your team has no token issuer. `PUT /token-issuer` sets one.',
    when: 'The team has not set a token issuer.',
  },
  agent_not_found: {
    trpcCode: 'NOT_FOUND',
    message: 'The agent was not found. `GET /agent` lists the agents of your team.',
    when: 'The agent does not exist or belongs to another team.',
  },
  agent_version_not_found: {
    trpcCode: 'NOT_FOUND',
    message:
      'The agent does not have this version. The newest 20 versions are kept; `GET /agent/:agentId/version` lists them.',
    when: 'A rollback named a version that never existed or is no longer kept.',
  },
  message_not_found: {
    trpcCode: 'NOT_FOUND',
    message:
      "The answer was not found in this chat. Send the id of an answer as `messageId`, not the id of a user's message.",
    when: 'The chat has no running or ended answer with this id.',
  },
  route_not_found: {
    trpcCode: 'NOT_FOUND',
    message: 'There is no operation at this path. `GET /openapi.json` lists all operations.',
    when: 'The path does not belong to an operation.',
  },
  method_not_allowed: {
    trpcCode: 'METHOD_NOT_SUPPORTED',
    message: 'This path does not support this method. The `Allow` header lists the methods that it supports.',
    when: 'The path exists, but not with this method.',
  },
  chat_full: {
    trpcCode: 'CONFLICT',
    message: 'This chat is full (10,000 messages or 16 MiB of text). Start a new chat.',
    when: 'The chat has reached one of these limits.',
  },
  queue_full: {
    trpcCode: 'CONFLICT',
    message: 'Eight messages of this chat are already waiting for their answers. Try again later.',
    when: 'Too many messages of one chat are waiting.',
    retryAfterSeconds: 2,
  },
  chat_busy: {
    trpcCode: 'CONFLICT',
    message:
      'This chat is still answering. Try again when the answer has ended, or send with `onBusy: "interrupt"` to stop it.',
    when: 'A message with `onBusy: "reject"`, or a new version of a message or answer, was sent to a chat whose newest turn has not ended.',
    retryAfterSeconds: 2,
  },
  not_retryable: {
    trpcCode: 'CONFLICT',
    message:
      'Only an answer that has ended can be generated again, and a failed one only once. Wait for its end, or retry its newest version.',
    when: 'The answer has not ended, or it failed and was already retried.',
  },
  too_many_versions: {
    trpcCode: 'CONFLICT',
    message: 'This message has too many versions, or the chat has too many. Send a new message instead.',
    when: 'A message or answer would get more than 100 versions, or the path of a message more than 256 parts.',
  },
  not_deletable: {
    trpcCode: 'CONFLICT',
    message: 'Only the newest message of a chat can be removed, and only if its answer failed.',
    when: 'The message is not the newest of the chat, has an answer, or its answer has not ended.',
  },
  not_rateable: {
    trpcCode: 'CONFLICT',
    message: 'Only an answer that has ended with text can get feedback. Wait until the answer has ended.',
    when: 'The answer is waiting or running, or it ended without text.',
  },
  file_storage_full: {
    trpcCode: 'CONFLICT',
    message: "The team's storage for files is full. Delete files, or ask the operator for more storage.",
    when: 'The files of the team take all of its storage. `GET /usage` shows how much is used.',
  },
  file_in_use: {
    trpcCode: 'CONFLICT',
    message:
      'The file belongs to a chat. It is deleted with that chat, and cannot be sent in another one. Upload it again for another chat.',
    when: 'A file was sent in a chat, and is now to be deleted or to be sent in another chat.',
  },
  too_many_unsent_files: {
    trpcCode: 'CONFLICT',
    message: 'You have uploaded too many files without sending them. Send or delete some of them first.',
    when: 'A user has 100 files that are not sent. Files that are not sent are deleted after a day.',
  },
  guest_claimed: {
    trpcCode: 'CONFLICT',
    message: "Another user has already claimed this guest's chats. Claim each guest for one user only.",
    when: "A guest's token was used to claim chats that another user has claimed before.",
  },
  signing_secrets_full: {
    trpcCode: 'CONFLICT',
    message: 'Five signing secrets are already active. Revoke one, or wait until one has expired.',
    when: 'A signing secret was to be created while the maximum number is active.',
  },
  agent_changed: {
    trpcCode: 'CONFLICT',
    message: 'The agent has changed since you read it. Read it again and repeat your change.',
    when: "The `expectedVersion` of a change is not the agent's current version.",
  },
  key_beyond_issuer: {
    trpcCode: 'CONFLICT',
    message:
      'A key cannot have more than the key that issued it. Extend the issuing key first, or create a key without an issuer.',
    when: 'An issued key was to get a later expiry, a larger budget or other origins than the key that issued it.',
  },
  key_replaced: {
    trpcCode: 'CONFLICT',
    message:
      'This key was rolled: it ends with its overlap and cannot get a later end. Change the key that replaced it.',
    when: 'A key that was rolled was to get a later expiry than the end of its overlap.',
  },
  key_ended: {
    trpcCode: 'CONFLICT',
    message: 'This key was revoked or has expired. Create a new one.',
    when: 'A revoked or expired key was to be rolled or changed.',
  },
  payload_too_large: {
    trpcCode: 'PAYLOAD_TOO_LARGE',
    message:
      'The request is too large. A body may have at most 512 KiB, 1 MiB for an agent or a tRPC batch, or 10 MiB for a file.',
    when: 'The body exceeds 512 KiB (an agent or a tRPC batch: 1 MiB; a file: 10 MiB), or the headers 16 KiB.',
  },
  payload_too_complex: {
    trpcCode: 'PAYLOAD_TOO_LARGE',
    message: 'The JSON is too complex. Send at most 10,000 object keys, nested at most 32 levels deep.',
    when: 'The body, or the `input` of a tRPC query, has more than 10,000 object keys or is nested more than 32 levels deep.',
  },
  request_timeout: {
    trpcCode: 'TIMEOUT',
    message:
      'The request took too long to arrive. Send its headers within 10 seconds and its body within 30.',
    when: 'The client did not send its whole request in time. The server closes the connection.',
  },
  unsupported_media_type: {
    trpcCode: 'UNSUPPORTED_MEDIA_TYPE',
    message: 'Send the body as JSON, with `Content-Type: application/json`.',
    when: 'A body was sent without a content type or with another one.',
  },
  idempotency_key_reused: {
    trpcCode: 'UNPROCESSABLE_CONTENT',
    message: 'This `Idempotency-Key` was already used for another request. Use a new key for a new request.',
    when: 'The same key was sent with another body. Nothing was written.',
  },
  rate_limited: {
    trpcCode: 'TOO_MANY_REQUESTS',
    message: 'Too many requests in this minute. Try again after `Retry-After` seconds.',
    when: 'The key, the user or the address has reached its limit of requests per minute; `X-RateLimit-*` on every response shows how many are left. Nothing was recorded: you can repeat the request with the same `Idempotency-Key`.',
    retryAfterSeconds: 60,
  },
  budget_exhausted: {
    trpcCode: 'TOO_MANY_REQUESTS',
    message: 'The token budget for today is used up. It is renewed at midnight UTC (`Retry-After`).',
    when: 'A message was sent, but the daily budget of the key, user or team is spent; the message names which. Nothing was written.',
    retryAfterSeconds: 3_600,
  },
  too_many_turns: {
    trpcCode: 'TOO_MANY_REQUESTS',
    message: 'Too many messages are being answered at once. Try again after `Retry-After` seconds.',
    when: "The user, the caller's network, or a team with a limit has reached the maximum number of unfinished answers. Nothing was written.",
    retryAfterSeconds: 2,
  },
  too_many_streams: {
    trpcCode: 'TOO_MANY_REQUESTS',
    message: 'Too many streams are open. Close one, or try again after `Retry-After` seconds.',
    when: 'The user, the address or the server has reached the maximum number of open streams. Nothing was written.',
    retryAfterSeconds: 5,
  },
  too_many_lists: {
    trpcCode: 'TOO_MANY_REQUESTS',
    message:
      'You are reading several large lists at the same time. Read them one after the other, or in pages (`limit`).',
    when: 'The user, the address or the secret key already reads, or waits for, the maximum number of lists of more than 1 MiB.',
    retryAfterSeconds: 2,
  },
  internal_error: {
    trpcCode: 'INTERNAL_SERVER_ERROR',
    message:
      'Something went wrong on our side. Try again; if it keeps failing, give the operator the `requestId`.',
    when: 'A bug in the server. The log contains the cause under the same `requestId`.',
  },
  model_failed: {
    trpcCode: 'BAD_GATEWAY',
    message: 'The model could not answer. Your message is stored; retry it, or send another message.',
    when: 'The model returned an error or an empty answer, or its connection broke, and automatic retries did not help.',
  },
  model_refused: {
    trpcCode: 'BAD_GATEWAY',
    message:
      "The model's server rejected the request. Your message is stored; ask the operator to look for the reason in the log.",
    when: "The model's server answered 4xx (a setting of the agent, the length of the history, or the message is not allowed), or a content filter ended the answer before its first word. Later contexts leave the message out.",
  },
  model_key_refused: {
    trpcCode: 'BAD_GATEWAY',
    message:
      "The model's server does not accept this site's key. Your message is stored; the site's operator has to set a valid key.",
    when: "The model's server answered 401 or 403: `OPENAI_API_KEY` is wrong, was revoked, or may not use the model.",
  },
  model_not_found: {
    trpcCode: 'BAD_GATEWAY',
    message:
      "The model's server does not know the model. Your message is stored; the site's operator has to choose another model.",
    when: "The model's server answered 404: `OPENAI_MODEL` or the agent's model does not exist there, or `OPENAI_BASE_URL` lacks `/v1`.",
  },
  model_unreachable: {
    trpcCode: 'BAD_GATEWAY',
    message:
      "The model's server cannot be reached. Your message is stored; retry it later. If that does not help, tell the site's operator.",
    when: "No connection to the model's server came about (name, port, certificate), or its address answers with something other than the API.",
  },
  model_rate_limited: {
    trpcCode: 'BAD_GATEWAY',
    message: "The model's server is busy (its rate limit). Your message is stored; try again later.",
    when: "The model's server still answered 429 after all retries.",
  },
  interrupted: {
    trpcCode: 'BAD_GATEWAY',
    message:
      'The answer was interrupted several times and then given up. Your message is stored; retry it, or send another message.',
    when: 'Three processes in a row stopped while they ran this turn.',
  },
  model_timeout: {
    trpcCode: 'GATEWAY_TIMEOUT',
    message: 'The model did not answer in time. Your message is stored; retry it, or send another message.',
    when: 'The model was silent for too long, or the turn exceeded its maximum time.',
  },
  answer_pending: {
    trpcCode: 'GATEWAY_TIMEOUT',
    message:
      'The answer takes longer than a request may wait. It is still being generated; read it later from the list of messages.',
    when: 'A request that waits for its answer reached the maximum wait. The turn continues; `messageId` is the id of the answer.',
  },
  model_not_configured: {
    trpcCode: 'SERVICE_UNAVAILABLE',
    message:
      'No model is configured. Set OPENAI_API_KEY, or OPENAI_BASE_URL for a compatible server, and restart the server.',
    when: 'The server was started without a model: `LOCAL_MODEL=off` is set, and no other model is configured or was found.',
    retryAfterSeconds: 60,
  },
  web_app_not_configured: {
    trpcCode: 'SERVICE_UNAVAILABLE',
    message:
      'The chat page has no key. Set WEB_PUBLISHABLE_KEY to a publishable key of your team, and restart the server.',
    when: 'The server does not have the keys of the first team, and no other key is set for the chat page.',
    retryAfterSeconds: 60,
  },
  model_loading: {
    trpcCode: 'SERVICE_UNAVAILABLE',
    message: 'The model is not ready yet. Try again in a moment.',
    when: 'On its first start the server downloads and loads a small local model. The message contains the progress.',
    retryAfterSeconds: 5,
  },
  token_issuer_unavailable: {
    trpcCode: 'SERVICE_UNAVAILABLE',
    message:
      'The keys of the token issuer cannot be fetched, so the user token can be neither accepted nor rejected. Try again ' +
      'later, or have the team check the address with `GET /token-issuer`.',
    when: 'A user token names a key of the team’s issuer, and its key set has been unreachable for an hour or since the start.',
    retryAfterSeconds: 30,
  },
  encryption_key_outdated: {
    trpcCode: 'SERVICE_UNAVAILABLE',
    message:
      'This server does not have the current encryption key, so it cannot read or store secrets. Ask the operator to restart it with ' +
      'that key, or try again: another server may take the request.',
    when: 'A signing secret or a tool header was to be stored, or the key of the chat page’s cookies was to be read, but the encryption key was changed after the server started.',
    retryAfterSeconds: 30,
  },
  database_unavailable: {
    trpcCode: 'SERVICE_UNAVAILABLE',
    message: 'The database cannot be reached. Try again in a moment.',
    when: 'MongoDB does not answer. If the response has a `messageId`, it is unknown whether the message was stored: check the list of messages.',
    retryAfterSeconds: 2,
  },
  database_preparing: {
    trpcCode: 'SERVICE_UNAVAILABLE',
    message: 'The database is being prepared for this release. Try again in a few minutes.',
    when: 'A unique index that prevents duplicate writes is missing. The server builds it in the background and rejects writes until then; `/readyz` names the index.',
    retryAfterSeconds: 30,
  },
  overloaded: {
    trpcCode: 'SERVICE_UNAVAILABLE',
    message: 'This server is at capacity. Try again after `Retry-After` seconds.',
    when: 'All places for running and waiting answers of this server are taken, or many large lists are requested at once. Nothing was written.',
    retryAfterSeconds: 2,
  },
  answer_restarted: {
    trpcCode: 'SERVICE_UNAVAILABLE',
    message: 'The answer is being generated again. Open its stream again to read it from the start.',
    when: 'In streams only: the process that generated the answer stopped, and another process has started the answer again.',
    retryAfterSeconds: 1,
  },
  versions_unavailable: {
    trpcCode: 'SERVICE_UNAVAILABLE',
    message:
      'Messages and answers cannot get new versions while the service is being upgraded. Try again in a few minutes.',
    when: 'A server of an earlier release, which does not know versions, works on the same database.',
    retryAfterSeconds: 30,
  },
  draining: {
    trpcCode: 'SERVICE_UNAVAILABLE',
    message: 'This server is shutting down. Try again: another server takes over.',
    when: 'The process is stopping. If the response has a `messageId`, the turn and its stream continue on another server.',
    retryAfterSeconds: 2,
  },
} as const satisfies Record<string, ErrorEntry>;

/** The code of a registered API error. */
export type ErrorCode = keyof typeof errorRegister;

/** All registered codes. */
export const errorCodes = Object.keys(errorRegister) as [ErrorCode, ...ErrorCode[]];

/** The schema of an error code in a response. */
export const errorCodeSchema = z.enum(errorCodes).meta({
  id: 'ErrorCode',
  description:
    'A stable, machine-readable error code. docs/errors.md explains each code. New codes may be added.',
});

/** Returns the register's entry of a code. */
export function errorEntry(code: ErrorCode): ErrorEntry {
  return errorRegister[code];
}

/** Returns the HTTP status of a code. */
export function statusOf(code: ErrorCode): ErrorStatus {
  return statusOfTrpcCode[errorRegister[code].trpcCode];
}
