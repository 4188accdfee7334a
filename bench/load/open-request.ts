import { type Agent, type IncomingMessage, request } from 'node:http';
import type { Call, Target } from './task.ts';

/** Sends a request; gives the answer as soon as its head is there. */
export function openRequest(
  target: Target,
  agent: Agent,
  { method, path, body, isStreamed }: Omit<Call, 'check'>,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      'x-api-key': target.key,
      ...(isStreamed && { accept: 'text/event-stream' }),
      ...(text !== undefined && {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
      }),
    };
    const sent = request(`${target.url}${path}`, { method, headers, agent }, resolve);
    sent.on('error', reject);
    sent.end(text);
  });
}

/** The whole body of an answer. */
export function readText(response: IncomingMessage, onPart?: (part: string) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (part: string) => {
      text += part;
      onPart?.(text);
    });
    response.on('error', reject);
    response.on('end', () => resolve(text));
  });
}
