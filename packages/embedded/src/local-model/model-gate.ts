import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { type ChatMessage, fitContext } from './fit-context.ts';
import { oneAtATime } from './one-at-a-time.ts';

/** The address of the engine, and the key that it requires. */
export interface EngineAddress {
  /** Scheme, host and port. */
  url: string;
  apiKey: string;
}

/** The model and the limits of a gate. */
export interface ModelGateOptions {
  model: string;
  /** The oldest messages of longer conversations are removed. */
  promptTokensMax: number;
  /** The maximum number of waiting requests; one more gets 429. */
  waitingMax: number;
}

/** A server in front of the engine. */
export interface ModelGate extends AsyncDisposable {
  /** The address of the Chat Completions API. It stays the same when the engine is replaced. */
  baseUrl: string;
  /** Sets the engine for the next requests. Without one they get 503. */
  connect(engine: EngineAddress | undefined): void;
}

/**
 * Opens an OpenAI-compatible API on a free port of 127.0.0.1 that lists the model and answers chats. It passes one request at a
 * time to the engine, because two would slow each other down, and it stays open when the engine is restarted.
 */
export async function openModelGate(options: ModelGateOptions): Promise<ModelGate> {
  const gate: Gate = { options, engine: undefined, enter: oneAtATime(options.waitingMax) };
  const server = createServer((request, response) => {
    void answer(gate, request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    connect: (engine) => {
      gate.engine = engine;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Gate {
  options: ModelGateOptions;
  engine: EngineAddress | undefined;
  enter: ReturnType<typeof oneAtATime>;
}

/** An error in the format of the OpenAI API. */
class ApiError extends Error {
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, message: string, retryAfterSeconds?: number) {
    super(message);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

async function answer(gate: Gate, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const disconnected = new AbortController();
  response.once('close', () => disconnected.abort());
  try {
    const [path] = (request.url ?? '').split('?');
    if (request.method === 'GET' && path === '/v1/models') return sendModels(gate, response);
    if (request.method !== 'POST' || path !== '/v1/chat/completions') {
      throw new ApiError(404, 'The local model has GET /v1/models and POST /v1/chat/completions.');
    }
    const chat = await readChat(request);
    const leave = await gate.enter(disconnected.signal);
    if (leave === undefined)
      throw new ApiError(429, 'Too many requests are waiting for the local model. Try again in a moment.', 2);
    try {
      await passThrough(gate, { chat, response, signal: disconnected.signal });
    } finally {
      leave();
    }
  } catch (error) {
    sendError(response, error);
  }
}

function sendModels({ options }: Gate, response: ServerResponse): void {
  const model = { id: options.model, object: 'model', created: 0, owned_by: 'parley' };
  sendJson(response, 200, { object: 'list', data: [model] });
}

type Chat = Record<string, unknown> & { messages: ChatMessage[] };

async function readChat(request: IncomingMessage): Promise<Chat> {
  // A web page of another origin can send other content types without a preflight request, but not JSON.
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    throw new ApiError(415, 'Send the request as JSON, with "Content-Type: application/json".');
  }
  const body = parseJson(await readBody(request));
  const messages = isRecord(body) ? body['messages'] : undefined;
  if (!isRecord(body) || !Array.isArray(messages) || messages.length === 0) {
    throw new ApiError(400, 'Send an object with "messages", a list of at least one.');
  }
  return { ...body, messages };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Twice the largest request of the server, and far more than the model can read. */
const BODY_BYTES_MAX = 2 * 1024 * 1024;

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) throw new ApiError(413, 'A request may have at most 2 MiB.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new ApiError(400, 'The request is not valid JSON.');
  }
}

interface Passage {
  chat: Chat;
  response: ServerResponse;
  signal: AbortSignal;
}

async function passThrough(gate: Gate, { chat, response, signal }: Passage): Promise<void> {
  const { engine } = gate;
  if (engine === undefined)
    throw new ApiError(503, 'The local model is being restarted. Try again in a moment.', 2);
  const messages = await fitContext(chat.messages, {
    tokensMax: gate.options.promptTokensMax,
    countTokens: (candidate) => countTokens(engine, candidate, signal),
  });
  const answered = await ask(engine, CHAT_PATH, { ...chat, messages }, signal);
  response.writeHead(answered.statusCode ?? 502, {
    'content-type': answered.headers['content-type'] ?? 'application/json',
    'cache-control': 'no-store',
  });
  response.flushHeaders();
  // When one side disconnects, the other is disconnected too: the client sees a broken stream, the engine stops generating.
  await pipeline(answered, response, { signal });
}

const CHAT_PATH = '/v1/chat/completions';

async function countTokens(
  engine: EngineAddress,
  messages: readonly ChatMessage[],
  signal: AbortSignal,
): Promise<number | undefined> {
  const counted = await ask(engine, `${CHAT_PATH}/input_tokens`, { messages }, signal);
  const said = parseJson(await text(counted));
  const tokens = isRecord(said) ? said['input_tokens'] : undefined;
  return typeof tokens === 'number' ? tokens : undefined;
}

async function ask(
  engine: EngineAddress,
  path: string,
  body: unknown,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${engine.apiKey}` };
  const asked = httpRequest(`${engine.url}${path}`, { method: 'POST', headers, signal, agent: false });
  // Errors after the response are emitted by the response. Without this listener the request would throw them as well.
  asked.on('error', () => {});
  asked.end(JSON.stringify(body));
  const [answered] = (await once(asked, 'response')) as [IncomingMessage];
  return answered;
}

function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const apiError =
    error instanceof ApiError
      ? error
      : new ApiError(503, 'The local model stopped during the request. Try again in a moment.', 2);
  const { status, message, retryAfterSeconds } = apiError;
  if (retryAfterSeconds !== undefined) response.setHeader('retry-after', String(retryAfterSeconds));
  if (status === 413) response.setHeader('connection', 'close');
  const type = status < 500 ? 'invalid_request_error' : 'server_error';
  sendJson(response, status, { error: { message, type, param: null, code: null } });
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
