import { connect } from 'node:net';
import { checkRestAnswer, checkStreamHead } from './answer-check.ts';

export interface RawHttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON of the body; undefined when there is none. */
  readonly body: unknown;
}

/**
 * Sends exactly these bytes and reads until the server closes, for requests that no HTTP client sends. Reads only the
 * head of an event stream, which may never end. Requests that the server can read need `connection: close`. Resolves
 * with undefined if the server closed without a response. The response to the request `shape` is checked against the
 * OpenAPI document.
 */
export async function sendRaw(
  baseUrl: string,
  request: string | Uint8Array,
  shape: { readonly method: string; readonly target: string } = requestLine(request),
): Promise<RawHttpAnswer | undefined> {
  const answer = await sendUnchecked(baseUrl, request);
  if (answer && isStream(answer.headers)) checkStreamHead({ ...shape, ...answer });
  else if (answer) checkRestAnswer({ ...shape, ...answer });
  return answer;
}

/** The same without the check against the document. */
export async function sendUnchecked(
  baseUrl: string,
  request: string | Uint8Array,
): Promise<RawHttpAnswer | undefined> {
  const bytes = await exchange(new URL(baseUrl), request);
  if (bytes.length === 0) return undefined;
  const answer = parseAnswer(bytes);
  const hasJson = answer.text !== '' && answer.headers.get('content-type')?.startsWith('application/json;');
  return { ...answer, body: hasJson ? JSON.parse(answer.text) : undefined };
}

async function exchange(url: URL, request: string | Uint8Array): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(Number(url.port), url.hostname, () => socket.write(request));
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (chunks.length === 1 && STREAM_HEAD.test(chunk.toString('latin1'))) socket.destroy();
    });
    socket.on('close', () => resolve(Buffer.concat(chunks)));
    // A server that rejects early closes during our write. The response that it sent before counts.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
  });
}

/** A head that arrived in one piece, as every head of a stream does. */
const STREAM_HEAD = /^content-type: text\/event-stream.*\r\n\r\n/ims;

function isStream(headers: Headers): boolean {
  return headers.get('content-type')?.startsWith('text/event-stream') ?? false;
}

function requestLine(request: string | Uint8Array): { method: string; target: string } {
  const [line = ''] = Buffer.from(request).toString('latin1').split('\r\n', 1);
  const [method = '', target = ''] = line.split(' ');
  return { method, target };
}

function parseAnswer(bytes: Buffer): { status: number; headers: Headers; text: string } {
  const end = bytes.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = new Headers(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
  const status = Number(statusLine.split(' ')[1]);
  const body = bytes.subarray(end + 4);
  return { status, headers, text: body.toString('utf8') };
}
