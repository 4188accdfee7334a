import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { OnLargeList } from '@parley/api';
import { limits } from '@parley/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** The JSON of the items of each list, by the placeholder of the list in the body. */
type ListTexts = Map<string, readonly string[]>;

const CHUNK_CHARACTERS = 64 * 1024;

/**
 * Returns the function that receives the large lists of an answer. `JSON.stringify` writes a placeholder for such a
 * list, and `sendLargeAnswers` replaces it with the items' JSON, in pieces. A streamed batch of tRPC is sent before
 * its lists are read: it has no placeholder, and only counts among the unsent answers.
 */
export function largeListTaker(request: FastifyRequest, reply: FastifyReply): OnLargeList {
  if (request.headers['trpc-accept'] === 'application/jsonl') {
    return () => request.server.unsentAnswers.add(reply.raw);
  }
  return (list, texts) => {
    const placeholder = `large-list-${randomUUID()}`;
    Object.defineProperty(list, 'toJSON', { value: () => placeholder });
    request.largeLists ??= new Map();
    request.largeLists.set(placeholder, texts);
  };
}

/** Sends answers with large lists in pieces, for all routes. */
export function sendLargeAnswers(app: FastifyInstance): void {
  const unsent = new UnsentAnswers(limits.largeAnswersUnsentMax);
  app.decorate('unsentAnswers', unsent);
  app.decorateRequest('largeLists', undefined);
  const inPieces = async (payload: unknown, reply: FastifyReply, lists: ListTexts) => {
    const body = await bodyOf(reply, payload);
    if (body === undefined) return payload;
    unsent.add(reply.raw);
    return Readable.from(inTurns(chunksOf(body, lists)), { objectMode: false });
  };
  // This is not an async hook, because nearly every answer passes it and would pay for a promise.
  app.addHook('onSend', ({ largeLists }, reply, payload, done) => {
    if (!largeLists) return done(null, payload);
    inPieces(payload, reply, largeLists).then((pieces) => done(null, pieces), done);
  });
}

/** Returns the body if it is text: tRPC answers with a `Response`, REST with a string. */
async function bodyOf(reply: FastifyReply, payload: unknown): Promise<string | undefined> {
  if (typeof payload === 'string') return payload;
  if (!(payload instanceof Response)) return undefined;
  reply.code(payload.status).headers(Object.fromEntries(payload.headers));
  return payload.text();
}

/**
 * Yields one chunk in each iteration of the event loop. A client that reads as fast as the server writes would otherwise
 * take a whole answer in one.
 */
export async function* inTurns(chunks: Iterable<string>): AsyncGenerator<string> {
  for (const chunk of chunks) {
    yield chunk;
    await setImmediate();
  }
}

function* chunksOf(body: string, lists: ListTexts): Generator<string> {
  const placed = [...lists]
    .map(([placeholder, texts]) => ({ quoted: JSON.stringify(placeholder), texts }))
    .map((list) => ({ ...list, at: body.indexOf(list.quoted) }))
    // An error replaced the answer.
    .filter(({ at }) => at >= 0)
    .sort((one, other) => one.at - other.at);
  let sent = 0;
  for (const { at, quoted, texts } of placed) {
    yield body.slice(sent, at);
    yield* chunksOfList(texts);
    sent = at + quoted.length;
  }
  yield body.slice(sent);
}

function* chunksOfList(texts: readonly string[]): Generator<string> {
  let chunk = '[';
  for (const [index, text] of texts.entries()) {
    chunk += index === 0 ? text : `,${text}`;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    yield chunk;
    chunk = '';
  }
  yield `${chunk}]`;
}

/**
 * The large answers that their clients have not fully read. Their number is limited because of their memory: one
 * more closes the connection that has been reading the longest.
 */
class UnsentAnswers {
  readonly #responses = new Set<ServerResponse>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  add(response: ServerResponse): void {
    const [oldest] = this.#responses;
    if (oldest && this.#responses.size >= this.#max) oldest.destroy();
    this.#responses.add(response);
    response.once('close', () => this.#responses.delete(response));
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The large lists of the answer. */
    largeLists: ListTexts | undefined;
  }
  interface FastifyInstance {
    /** The large answers of this process that are not fully sent. */
    unsentAnswers: UnsentAnswers;
  }
}
