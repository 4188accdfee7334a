import { ParleyError } from '@parley/client';
import { problemCodeOf } from './problems/problem-words.ts';

/** Who is at this page, and the key the page may hold: a publishable one, never a secret one. */
export interface Session {
  readonly publishableKey: string;
  readonly userId: string;
}

let current: Promise<Session> | undefined;

/**
 * The page's session, asked for once. One that failed is asked for again the next time.
 *
 * @throws ParleyError, so that whoever waits for a key knows whether waiting helps
 */
export function openSession(): Promise<Session> {
  if (current) return current;
  const asked = askForSession();
  current = asked;
  asked.catch(() => {
    if (current === asked) current = undefined;
  });
  return asked;
}

/** The key that goes with each call; a refused one is replaced by a new session's. */
export async function keyOfSession(refused?: string): Promise<string> {
  const { publishableKey } = await openSession();
  if (publishableKey !== refused) return publishableKey;
  current = undefined;
  return (await openSession()).publishableKey;
}

/** The only request of this page that is no typed call: it gives the key that those need. */
async function askForSession(): Promise<Session> {
  const response = await fetch('/web/session', { method: 'POST' }).catch((cause: unknown) => {
    throw new ParleyError('network', 'The server cannot be reached.', { cause });
  });
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok && isSession(body)) return body;
  // A proxy in front of a server that is not there answers 502 to 504 in words of its own.
  const isGatewayDown = response.status >= 502 && response.status <= 504;
  const code = problemCodeOf(fieldsOf(body)['code']);
  throw new ParleyError(code === 'unknown' && isGatewayDown ? 'network' : code, 'There is no session.', {
    status: response.status,
  });
}

function isSession(body: unknown): body is Session {
  const { publishableKey, userId } = fieldsOf(body);
  return typeof publishableKey === 'string' && typeof userId === 'string';
}

function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? { ...body } : {};
}
