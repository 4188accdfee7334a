import type { ErrorCode } from '@parley/contract';

/** All problems that the page can show: the server's error codes, network errors and unknown errors. */
export type ProblemCode = ErrorCode | 'network' | 'unknown';

/** The text of a problem: what happened, and what the user can do. */
export interface ProblemText {
  readonly title: string;
  readonly advice: string;
}

/** A problem to show. */
export interface Problem {
  readonly code: ProblemCode;
  /** The server's message. */
  readonly message?: string | undefined;
  readonly requestId?: string | undefined;
  /** When a retry may succeed, ISO 8601. */
  readonly retryAt?: string | undefined;
}

/** The model's server names a time within the next days. */
const retryTime = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  hour: 'numeric',
  minute: '2-digit',
});

const words: Record<ProblemCode, ProblemText> = {
  key_origin_not_allowed: {
    title: 'This page can’t use its key',
    advice: 'The owner of this page needs to add its address to the key.',
  },
  secret_key_in_browser: {
    title: 'This page has the wrong kind of key',
    advice: 'The owner of this page needs to use a publishable key, and replace the secret one.',
  },
  rate_limited: {
    title: 'Too many requests',
    advice: 'We’ll retry automatically within a minute.',
  },
  budget_exhausted: {
    title: 'No more answers today',
    advice: 'The daily limit is reached. Try again tomorrow.',
  },
  too_many_streams: {
    title: 'Too many chats are open',
    advice: 'Close a tab. We’ll reconnect automatically.',
  },
  user_blocked: {
    title: 'You can’t use this chat',
    advice: 'Your access was blocked. Contact the owner of this service.',
  },
  user_signed_out: {
    title: 'You were signed out',
    advice: 'Reload the page to sign in again.',
  },
  database_preparing: {
    title: 'The service is being updated',
    advice: 'We’ll retry automatically. It takes a few minutes at most.',
  },
  encryption_key_outdated: {
    title: 'The service is being updated',
    advice: 'Try again in a few minutes. If this keeps happening, contact the owner of this service.',
  },
  token_issuer_not_found: {
    title: 'No sign-in provider is set up',
    advice: 'The owner of this service needs to set one up.',
  },
  token_issuer_unavailable: {
    title: 'We can’t check who you are right now',
    advice: 'We’ll retry automatically in a moment.',
  },
  overloaded: {
    title: 'The service is busy right now',
    advice: 'Your message is not sent yet. Try again in a moment.',
  },
  too_many_lists: {
    title: 'Too many long chats are loading',
    advice: 'We’ll retry automatically in a few seconds.',
  },
  too_many_turns: {
    title: 'Too many answers at once',
    advice: 'Wait until one has finished, then send your message again.',
  },
  agent_version_not_found: {
    title: 'This version is no longer available',
    advice: 'Choose a newer one.',
  },
  agent_changed: {
    title: 'Someone else changed this in the meantime',
    advice: 'Reload the page and make your change again.',
  },
  user_token_needed: {
    title: 'You are not signed in',
    advice: 'Reload the page to sign in.',
  },
  user_token_invalid: {
    title: 'Your session has ended',
    advice: 'Reload the page to sign in again.',
  },
  user_token_expired: {
    title: 'Your session has expired',
    advice: 'Reload the page to continue.',
  },
  key_scope_missing: {
    title: 'This page isn’t allowed to do that',
    advice: 'Its key doesn’t have the permission.',
  },
  whole_team_key_needed: {
    title: 'This key is limited to some agents',
    advice: 'Use a key for the whole team.',
  },
  key_beyond_yours: {
    title: 'This page isn’t allowed to do that',
    advice: 'You can’t grant permissions that your key doesn’t have.',
  },
  key_beyond_issuer: {
    title: 'This key can’t have that permission',
    advice: 'The key that issued it doesn’t have it.',
  },
  too_many_key_generations: {
    title: 'This key can’t issue keys',
    advice: 'Use the key that issued it.',
  },
  unrestricted_key_needed: {
    title: 'This page isn’t allowed to do that',
    advice: 'It needs a key without limits.',
  },
  guest_key_needed: {
    title: 'Guests can’t chat here',
    advice: 'Sign in on the page you came from.',
  },
  verified_user_needed: {
    title: 'Sign in first',
    advice: 'After signing in, you can keep these chats.',
  },
  guest_claimed: {
    title: 'These chats belong to another account',
    advice: 'Sign in with that account to see them.',
  },
  signing_secret_not_found: {
    title: 'This signing secret is no longer available',
    advice: 'It may have been revoked.',
  },
  signing_secrets_full: {
    title: 'Too many signing secrets',
    advice: 'Revoke one first.',
  },
  user_not_allowed: {
    title: 'This belongs to someone else',
    advice: 'Sign in again, then reload the page.',
  },
  secret_key_needed: {
    title: 'This page isn’t allowed to do that',
    advice: 'Only the owner of this service can.',
  },
  key_not_found: {
    title: 'This key doesn’t exist',
    advice: 'It may belong to another team.',
  },
  key_replaced: {
    title: 'This key was replaced',
    advice: 'It cannot get a later end. Change the key that replaced it.',
  },
  key_ended: {
    title: 'This key no longer works',
    advice: 'It was revoked or has expired. Create a new one.',
  },
  model_failed: {
    title: 'The model couldn’t answer',
    advice: 'Your message is saved. Retry it, or send another one.',
  },
  model_timeout: {
    title: 'The model took too long',
    advice: 'Your message is saved. Retry it, or ask for something shorter.',
  },
  model_rate_limited: {
    title: 'The model is very busy',
    advice: 'Wait a minute, then retry.',
  },
  model_refused: {
    title: 'The model rejected this request',
    advice:
      'Retrying rarely helps. If this chat is long, start a new one. Otherwise contact the owner of this service.',
  },
  model_key_refused: {
    title: 'The model can’t be used right now',
    advice: 'Your message is saved. The owner of this service needs to set a valid key for the model.',
  },
  model_not_found: {
    title: 'This model doesn’t exist',
    advice: 'Your message is saved. The owner of this service needs to choose another model.',
  },
  model_unreachable: {
    title: 'We can’t reach the model',
    advice:
      'Your message is saved. Retry it later. If this keeps happening, contact the owner of this service.',
  },
  interrupted: {
    title: 'The answer was interrupted',
    advice: 'The server failed several times while answering. Your message is saved; retry it.',
  },
  model_loading: {
    title: 'The model is getting ready',
    advice: 'We’ll send your message as soon as it’s ready.',
  },
  model_not_configured: {
    title: 'No model is set up yet',
    advice: 'The owner of this service needs to connect one. Your message is saved until then.',
  },
  queue_full: {
    title: 'Too many messages are waiting',
    advice: 'Eight messages of this chat are waiting for answers. We’ll send this one when there’s room.',
  },
  chat_full: {
    title: 'This chat is full',
    advice: 'It has reached its maximum length. Start a new chat.',
  },
  chat_busy: {
    title: 'This chat is still answering',
    advice: 'Send your message again when the answer is finished.',
  },
  not_retryable: {
    title: 'This answer can no longer be retried',
    advice: 'The chat has newer messages. Send your message again instead.',
  },
  not_rateable: {
    title: 'This answer cannot be rated yet',
    advice: 'Wait until it is finished.',
  },
  unauthorized: {
    title: 'Your session has ended',
    advice: 'Reload the page to continue. What you typed is saved.',
  },
  draining: {
    title: 'The server is restarting',
    advice: 'Nothing is lost. We’ll continue automatically in a moment.',
  },
  database_unavailable: {
    title: 'The server can’t reach its database',
    advice: 'Nothing you typed is lost. We’re retrying automatically.',
  },
  answer_pending: {
    title: 'The answer is taking a long time',
    advice: 'It will appear here when it’s ready.',
  },
  answer_restarted: {
    title: 'The answer is starting again',
    advice: 'The server that was writing it failed, and another one has taken over.',
  },
  network: {
    title: 'We can’t reach the server',
    advice: 'Check your connection. What you typed is saved, and we’ll send it when you’re back online.',
  },
  chat_not_found: {
    title: 'This chat doesn’t exist',
    advice: 'It may have been deleted, or the link may be incomplete.',
  },
  agent_not_found: {
    title: 'This agent no longer exists',
    advice: 'Choose another one.',
  },
  message_not_found: {
    title: 'This answer no longer exists',
    advice: 'Reload the page to see the latest messages.',
  },
  invalid_input: {
    title: 'The server didn’t accept this',
    advice: 'Change the text and try again.',
  },
  payload_too_large: {
    title: 'This is too long to send',
    advice: 'Shorten it, or send it in several messages.',
  },
  request_timeout: outdatedPage('The connection was too slow'),
  payload_too_complex: outdatedPage('The server couldn’t read this request'),
  idempotency_key_reused: {
    title: 'This was already sent with a different text',
    advice: 'Move it back into the message box and send it again.',
  },
  invalid_cursor: outdatedPage('The list couldn’t be continued'),
  malformed_request: outdatedPage('The server couldn’t read this request'),
  route_not_found: outdatedPage('The server doesn’t know this request'),
  method_not_allowed: outdatedPage('The server doesn’t know this request'),
  unsupported_media_type: outdatedPage('The server couldn’t read this request'),
  origin_not_allowed: {
    title: 'This page isn’t allowed here',
    advice: 'Open it at the address that the server printed when it started.',
  },
  web_app_local_only: {
    title: 'This page only opens on its own machine',
    advice: 'The owner of this service can open it to others with WEB_APP=on.',
  },
  web_app_not_configured: {
    title: 'This page is not set up yet',
    advice: 'The owner of this service needs to set WEB_PUBLISHABLE_KEY and restart the server.',
  },
  internal_error: {
    title: 'Something went wrong on the server',
    advice: 'Try again. If this keeps happening, give the number below to the owner of this service.',
  },
  unknown: {
    title: 'Something went wrong',
    advice: 'Try again. If this keeps happening, reload the page.',
  },
};

/** The page is probably older than the server. */
function outdatedPage(title: string): ProblemText {
  return { title, advice: 'This page may be out of date. Reload it.' };
}

/** Returns the text of a problem. For a loading model it includes the progress that the server reports. */
export function problemTextOf({ code, message, requestId, retryAt }: Problem): ProblemText {
  const { title, advice } = words[code];
  if (retryAt !== undefined && Date.parse(retryAt) > Date.now())
    return { title, advice: `Retry after ${retryTime.format(new Date(retryAt))}.` };
  if (code === 'model_loading') {
    const progress = message?.replace(/^.*? in a moment\.\s*/s, '');
    return { title, advice: progress ? `${progress} ${advice}` : advice };
  }
  if (code === 'internal_error') {
    return requestId
      ? { title, advice: `${advice} (${requestId})` }
      : { title, advice: words.unknown.advice };
  }
  return { title, advice };
}

/** Returns a server's error code if this page knows it, otherwise `unknown`. */
export function problemCodeOf(value: unknown): ProblemCode {
  return typeof value === 'string' && Object.hasOwn(words, value) ? (value as ProblemCode) : 'unknown';
}
