import type { World } from '../command.ts';
import type { Access } from '../session.ts';

/** What a check found. `fix` says what to do about it. */
export interface Finding {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly fix?: string;
}

/** What checks look at. */
export interface Patient extends World {
  readonly url: string;
  /** Undefined when nobody is logged in. */
  readonly access: Access | undefined;
}

/** How long a server may take to answer a check. */
const ANSWER_MS = 10_000;

/** Asks the server as anybody may, or with the key. @throws whatever `fetch` throws */
export function get(patient: Patient, path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${patient.url}${path}`, { headers, signal: AbortSignal.timeout(ANSWER_MS) });
}

/** The headers of whoever is logged in. */
export function credentials({ access }: Patient): Record<string, string> {
  return {
    ...(access && { 'x-api-key': access.key }),
    ...(access?.userToken !== undefined && { 'x-user-token': access.userToken }),
  };
}

/** The refusal that was answered, as its code and sentence. */
export async function refusalIn(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => undefined);
  if (typeof body !== 'object' || body === null || !('code' in body)) return `HTTP ${response.status}`;
  return `${String(body.code)}${'message' in body ? `: ${String(body.message)}` : ''}`;
}
