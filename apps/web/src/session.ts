import { exclusively, ParleyError } from '@parley/client';
import { problemCodeOf } from './problems/problem-words.ts';

/** What the page is let in with: a publishable key, never a secret one, and a token of the user who is here. */
interface Session {
  readonly publishableKey: string;
  readonly userToken: string;
}

let current: Promise<Session> | undefined;

/**
 * The page's session, asked for once. One that failed is asked for again the next time.
 *
 * @throws ParleyError, so that whoever waits for it knows whether waiting helps
 */
export function openSession(): Promise<Session> {
  if (current) return current;
  // Tabs that are opened at once are one visitor: the first gets the cookie, the others come with it.
  const asked = exclusively('parley-session', askForSession);
  current = asked;
  asked.catch(() => {
    if (current === asked) current = undefined;
  });
  return asked;
}

/** The key that goes with each call; a refused one is replaced by a new session's. */
export const keyOfSession = (refused?: string) => ofSession('publishableKey', refused);

/** The user's token that goes with each call; one that is over, or soon will be, is replaced by a new session's. */
export const tokenOfSession = (refused?: string) => ofSession('userToken', refused);

async function ofSession(name: keyof Session, refused: string | undefined): Promise<string> {
  const asked = openSession();
  const known = (await asked)[name];
  if (known !== refused) return known;
  // Of those who come at the same time, the first asks anew.
  if (current === asked) current = undefined;
  return (await openSession())[name];
}

/** The only request of this page that is no typed call: it gives what those need. */
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
  const { publishableKey, userToken } = fieldsOf(body);
  return typeof publishableKey === 'string' && typeof userToken === 'string';
}

function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? { ...body } : {};
}
