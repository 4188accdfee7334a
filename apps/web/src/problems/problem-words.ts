import type { ErrorCode } from '@parley/contract';

/** Everything that can go wrong: the server's registered codes, and what happens before it is reached. */
export type ProblemCode = ErrorCode | 'network' | 'unknown';

/** What a person reads: what happened, and what becomes of it or what can be done. */
export interface ProblemWords {
  readonly title: string;
  readonly advice: string;
}

export interface Problem {
  readonly code: ProblemCode;
  /** The server's own sentence. */
  readonly message?: string | undefined;
  readonly requestId?: string | undefined;
}

const words: Record<ProblemCode, ProblemWords> = {
  key_origin_not_allowed: {
    title: 'This page may not use its key',
    advice: 'Whoever runs this page has to add its address to the key.',
  },
  secret_key_in_browser: {
    title: 'This page has the wrong kind of key',
    advice: 'Whoever runs it has to give it a publishable key, and to roll the secret one.',
  },
  rate_limited: {
    title: 'Too many requests in this minute',
    advice: 'It goes on by itself within a minute.',
  },
  budget_exhausted: {
    title: 'No more answers today',
    advice: 'What may be used in a day is used up. It goes on tomorrow.',
  },
  too_many_streams: {
    title: 'Too many chats are open at a time',
    advice: 'Close a tab. We’ll connect again automatically.',
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
    advice: 'Try again in a few minutes. If it stays so, tell the owner of this service.',
  },
  token_issuer_not_found: {
    title: 'No sign-in provider is set',
    advice: 'The owner of this service has to set one.',
  },
  token_issuer_unavailable: {
    title: 'We can’t check who you are right now',
    advice: 'We’ll retry automatically in a moment.',
  },
  overloaded: {
    title: 'Many people are asking right now',
    advice: 'Your message is not sent yet. Try again in a moment.',
  },
  too_many_turns: {
    title: 'Too many answers at a time',
    advice: 'Wait until one has ended, and send it again.',
  },
  agent_version_not_found: {
    title: 'This version is gone',
    advice: 'Choose a newer one.',
  },
  agent_changed: {
    title: 'Someone else was faster',
    advice: 'Reload, and make your change again.',
  },
  user_token_needed: {
    title: 'You are not signed in',
    advice: 'Reload the page.',
  },
  user_token_invalid: {
    title: 'Your session is over',
    advice: 'Reload the page to sign in again.',
  },
  user_token_expired: {
    title: 'Your session has expired',
    advice: 'Reload the page to go on.',
  },
  key_scope_missing: {
    title: 'This page may not do that',
    advice: 'Its key does not cover it.',
  },
  whole_team_key_needed: {
    title: 'This key is for some agents',
    advice: 'Use a key that is for all of the team.',
  },
  key_beyond_yours: {
    title: 'This page may not do that',
    advice: 'That key reaches more than the one in use.',
  },
  key_beyond_issuer: {
    title: 'This key cannot be given that',
    advice: 'The key that issued it has less.',
  },
  too_many_key_generations: {
    title: 'This key can issue no keys',
    advice: 'Use the key that issued it.',
  },
  unrestricted_key_needed: {
    title: 'This page may not do that',
    advice: 'It takes a key without limits.',
  },
  guest_key_needed: {
    title: 'This page takes no guests',
    advice: 'Sign in where you came from.',
  },
  verified_user_needed: {
    title: 'Sign in first',
    advice: 'Chats can be kept once you have signed in.',
  },
  guest_claimed: {
    title: 'These chats belong to another account',
    advice: 'Sign in with the account that took them over.',
  },
  signing_secret_not_found: {
    title: 'This signing secret is gone',
    advice: 'It may have been revoked.',
  },
  signing_secrets_full: {
    title: 'There are too many signing secrets',
    advice: 'Revoke one first.',
  },
  user_not_allowed: {
    title: 'This belongs to someone else',
    advice: 'Sign in again, then reload the page.',
  },
  secret_key_needed: {
    title: 'This page may not do that',
    advice: 'It is for whoever runs the server.',
  },
  key_not_found: {
    title: 'There is no such key',
    advice: 'It may have been another team’s.',
  },
  key_replaced: {
    title: 'This key was replaced',
    advice: 'It cannot get a later end. Change the key that replaced it.',
  },
  key_ended: {
    title: 'This key works no longer',
    advice: 'It was revoked or has expired. Make a new one.',
  },
  model_failed: {
    title: 'The model could not answer',
    advice: 'Your message is kept. Retry it, or send another one to go on.',
  },
  model_timeout: {
    title: 'The model took too long',
    advice: 'It was given up after waiting. Your message is kept; retry it, or ask for something shorter.',
  },
  model_rate_limited: {
    title: 'The model is very busy',
    advice: 'Its provider takes no more requests for now. Wait a minute, then retry.',
  },
  model_refused: {
    title: 'The model refused this request',
    advice:
      'Retrying rarely helps. A new chat may, if this one has grown long; otherwise tell your operator.',
  },
  model_key_refused: {
    title: 'The model can’t be used right now',
    advice: 'Whoever runs this site has to set a valid key for it. Your message is kept.',
  },
  model_not_found: {
    title: 'This model does not exist',
    advice: 'Whoever runs this site has to choose another one. Your message is kept.',
  },
  model_unreachable: {
    title: 'The model cannot be reached',
    advice: 'Your message is kept. Retry it in a while; if it stays, tell whoever runs this site.',
  },
  interrupted: {
    title: 'The answer was interrupted',
    advice: 'The server broke off more than once while writing it. Your message is kept; retry it.',
  },
  model_loading: {
    title: 'The model is getting ready',
    advice: 'Your message goes out by itself as soon as it is.',
  },
  model_not_configured: {
    title: 'No model is set up yet',
    advice: 'Whoever runs this server has to connect one. Your message is kept until then.',
  },
  queue_full: {
    title: 'Enough messages are waiting here',
    advice: 'Eight of this chat wait for their answers. This one goes out when there is room.',
  },
  chat_full: {
    title: 'This chat is full',
    advice: 'It has reached its greatest length. Start a new chat to go on.',
  },
  chat_busy: {
    title: 'This chat is still answering',
    advice: 'Send again when the answer is there.',
  },
  not_retryable: {
    title: 'This answer can no longer be retried',
    advice: 'The chat has gone on since. Send your message again instead.',
  },
  unauthorized: {
    title: 'Your session has ended',
    advice: 'Reload the page to go on. What you typed is kept.',
  },
  draining: {
    title: 'The server is restarting',
    advice: 'Nothing is lost. It goes on by itself in a moment.',
  },
  database_unavailable: {
    title: 'The server cannot reach its database',
    advice: 'Nothing you typed is lost. Trying again by itself.',
  },
  answer_pending: {
    title: 'The answer takes a long time',
    advice: 'It goes on in the background and appears here.',
  },
  answer_restarted: {
    title: 'The answer begins again',
    advice: 'The server that wrote it was lost; another one has taken over.',
  },
  network: {
    title: 'The server cannot be reached',
    advice: 'Check your connection. What you typed is kept and goes out when it is back.',
  },
  chat_not_found: {
    title: 'This chat does not exist',
    advice: 'It may have been deleted, or the link is not complete.',
  },
  agent_not_found: {
    title: 'This agent does not exist any more',
    advice: 'Choose another one.',
  },
  message_not_found: {
    title: 'This answer does not exist any more',
    advice: 'Reload the page to see how the chat stands.',
  },
  invalid_input: {
    title: 'The server did not take this',
    advice: 'Change the text and try again.',
  },
  payload_too_large: {
    title: 'This is too long to send',
    advice: 'Shorten it, or send it in parts.',
  },
  request_timeout: ofPage('The connection was too slow'),
  payload_too_complex: ofPage('The server could not read this request'),
  idempotency_key_reused: {
    title: 'This was sent before with other words',
    advice: 'Put it back into the message box and send it again.',
  },
  invalid_cursor: ofPage('The list could not be continued'),
  malformed_request: ofPage('The server could not read this request'),
  route_not_found: ofPage('The server does not know this request'),
  method_not_allowed: ofPage('The server does not know this request'),
  unsupported_media_type: ofPage('The server could not read this request'),
  origin_not_allowed: {
    title: 'This page is not allowed here',
    advice: 'Open it at the address that the server printed when it started.',
  },
  web_app_local_only: {
    title: 'This page is open on its own machine only',
    advice: 'Whoever runs the server can open it to others with WEB_APP=on.',
  },
  web_app_not_configured: {
    title: 'This page is not set up yet',
    advice: 'Whoever runs the server has to set WEB_PUBLISHABLE_KEY and start it again.',
  },
  internal_error: {
    title: 'Something went wrong on the server',
    advice: 'Try again. If it stays, tell your operator the number below.',
  },
  unknown: {
    title: 'Something went wrong',
    advice: 'Try again. If it stays, reload the page.',
  },
};

/** A page older than its server is the likely reason. */
function ofPage(title: string): ProblemWords {
  return { title, advice: 'This page may be out of date. Reload it.' };
}

/** The words for a problem. While a model loads, the server tells how far it is: that is worth repeating. */
export function wordsFor({ code, message, requestId }: Problem): ProblemWords {
  const { title, advice } = words[code];
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

/** The code a server told, if this page knows it. */
export function problemCodeOf(value: unknown): ProblemCode {
  return typeof value === 'string' && Object.hasOwn(words, value) ? (value as ProblemCode) : 'unknown';
}
