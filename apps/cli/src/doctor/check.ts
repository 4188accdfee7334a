import type { CommandContext } from '../command.ts';
import type { Access } from '../session.ts';

/** The result of a check. `fix` says how to solve the problem. */
export interface Finding {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly fix?: string;
}

/** The subject of the checks: a server and the credentials for it. */
export interface CheckTarget extends CommandContext {
  readonly url: string;
  /** Undefined without a login. */
  readonly access: Access | undefined;
}

/** The longest time that a server may take for a check. */
const ANSWER_MS = 10_000;

/** Sends a GET request to the server. Rejects like `fetch`, or after ten seconds. */
export function get(
  target: CheckTarget,
  path: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${target.url}${path}`, { headers, signal: AbortSignal.timeout(ANSWER_MS) });
}

/** Returns the headers with the user's credentials. */
export function credentials({ access }: CheckTarget): Record<string, string> {
  return {
    ...(access && { 'x-api-key': access.key }),
    ...(access?.userToken !== undefined && { 'x-user-token': access.userToken }),
  };
}

/** Reads the code and the message of an error response. */
export async function apiErrorIn(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => undefined);
  if (typeof body !== 'object' || body === null || !('code' in body)) return `HTTP ${response.status}`;
  return `${String(body.code)}${'message' in body ? `: ${String(body.message)}` : ''}`;
}
