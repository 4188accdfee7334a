import type { IncomingMessage } from 'node:http';

/** Reads a request's body as text: `undefined` if the client disconnected before all of it had arrived. */
export async function readRequestBody(request: IncomingMessage): Promise<string | undefined> {
  request.setEncoding('utf8');
  let body = '';
  try {
    for await (const chunk of request) body += chunk;
  } catch {
    return undefined;
  }
  return request.complete ? body : undefined;
}
