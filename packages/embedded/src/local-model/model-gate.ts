import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { type ChatMessage, fitContext } from './fit-context.ts';
import { oneAtATime } from './one-at-a-time.ts';

/** Where the engine listens, and what it must be told. */
export interface EngineAddress {
  /** Scheme, host and port. */
  url: string;
  apiKey: string;
}

export interface ModelGateOptions {
  model: string;
  /** Longer conversations are cut to this, from their beginning. */
  promptTokensMax: number;
  /** Requests that may wait while another is answered; one more gets 429. */
  waitingMax: number;
}

export interface ModelGate extends AsyncDisposable {
  /** Of the Chat Completions API. It stays the same when the engine is replaced. */
  baseUrl: string;
  /** Which engine answers from now on. Without one, requests get 503. */
  connect(engine: EngineAddress | undefined): void;
}

/**
 * The transport before the engine: an OpenAI-compatible API on a free port of 127.0.0.1 with two operations, list
 * the models and answer a chat. It lets one request through at a time, because a second would only make both
 * slow, and it outlives an engine that has to be restarted.
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

/** Answered in the envelope of the OpenAI API. */
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
  const hungUp = new AbortController();
  response.once('close', () => hungUp.abort());
  try {
    const [path] = (request.url ?? '').split('?');
    if (request.method === 'GET' && path === '/v1/models') return sendModels(gate, response);
    if (request.method !== 'POST' || path !== '/v1/chat/completions') {
      throw new ApiError(404, 'The local model has GET /v1/models and POST /v1/chat/completions.');
    }
    const chat = await readChat(request);
    const leave = await gate.enter(hungUp.signal);
    if (leave === undefined)
      throw new ApiError(429, 'Too many requests wait for the local model already.', 2);
    try {
      await passThrough(gate, { chat, response, signal: hungUp.signal });
    } finally {
      leave();
    }
  } catch (error) {
    refuse(response, error);
  }
}

function sendModels({ options }: Gate, response: ServerResponse): void {
  const model = { id: options.model, object: 'model', created: 0, owned_by: 'parley' };
  sendJson(response, 200, { object: 'list', data: [model] });
}

type Chat = Record<string, unknown> & { messages: ChatMessage[] };

async function readChat(request: IncomingMessage): Promise<Chat> {
  // A page of another origin can only send other types without asking first, and then gets no answer.
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

/** What the largest request of an API server can become, twice over; far more than the model can read. */
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
  if (engine === undefined) throw new ApiError(503, 'The local model is being restarted.', 2);
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
  // Cut on one side, it is cut on the other: the client sees a broken stream, the engine stops generating.
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
  // Once the engine has answered, what goes wrong is told by the answer; told here too, nobody would listen.
  asked.on('error', () => {});
  asked.end(JSON.stringify(body));
  const [answered] = (await once(asked, 'response')) as [IncomingMessage];
  return answered;
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const apiError =
    error instanceof ApiError ? error : new ApiError(503, 'The local model stopped while it was asked.', 2);
  const { status, message, retryAfterSeconds } = apiError;
  if (retryAfterSeconds !== undefined) response.setHeader('retry-after', String(retryAfterSeconds));
  if (status === 413) response.setHeader('connection', 'close');
  const type = status < 500 ? 'invalid_request_error' : 'server_error';
  sendJson(response, status, { error: { message, type, param: null, code: null } });
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
