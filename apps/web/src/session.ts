import { exclusively, ParleyError } from '@parley/client';
import { problemCodeOf } from './problems/problem-text.ts';

/** The credentials of the page: a publishable key and the token of its user. */
interface Session {
  readonly publishableKey: string;
  readonly userToken: string;
}

let current: Promise<Session> | undefined;

/**
 * Returns the page's session, and requests it if necessary. After a failure the next call tries again.
 *
 * @throws ParleyError whose code shows whether a retry can help
 */
export function openSession(): Promise<Session> {
  if (current) return current;
  // Tabs that open at the same time share one visitor: the first gets the cookie, the others send it.
  const opening = exclusively('parley-session', requestSession);
  current = opening;
  opening.catch(() => {
    if (current === opening) current = undefined;
  });
  return opening;
}

/** The source of the API key. A rejected key is replaced with a new session. */
export const keyOfSession = (rejected?: string) => ofSession('publishableKey', rejected);

/** The source of the user token. A rejected or expiring token is replaced with a new session. */
export const tokenOfSession = (rejected?: string) => ofSession('userToken', rejected);

async function ofSession(name: keyof Session, rejected: string | undefined): Promise<string> {
  const opening = openSession();
  const known = (await opening)[name];
  if (known !== rejected) return known;
  // The first of several concurrent callers requests a new session.
  if (current === opening) current = undefined;
  return (await openSession())[name];
}

/**
 * Requests a session. It is the only request of this page outside the typed client, which needs the session's
 * credentials.
 */
async function requestSession(): Promise<Session> {
  const response = await fetch('/web/session', { method: 'POST' }).catch((cause: unknown) => {
    throw new ParleyError('network', 'The server cannot be reached. Check the connection.', { cause });
  });
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok && isSession(body)) return body;
  // A proxy answers 502 to 504 with a page of its own if the server is down.
  const isGatewayDown = response.status >= 502 && response.status <= 504;
  const code = problemCodeOf(fieldsOf(body)['code']);
  throw new ParleyError(
    code === 'unknown' && isGatewayDown ? 'network' : code,
    'The server did not open a session. Reload the page.',
    {
      status: response.status,
    },
  );
}

function isSession(body: unknown): body is Session {
  const { publishableKey, userToken } = fieldsOf(body);
  return typeof publishableKey === 'string' && typeof userToken === 'string';
}

function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? { ...body } : {};
}
