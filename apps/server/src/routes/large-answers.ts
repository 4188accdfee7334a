import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { OnLargeList } from '@parley/api';
import { limits } from '@parley/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** The JSON of each item of a list, by the text that stands for the list in the answer's body. */
type ListTexts = Map<string, readonly string[]>;

const CHUNK_CHARACTERS = 64 * 1024;

/**
 * Takes the large lists of a request's answer. `JSON.stringify` writes a placeholder for such a list, and
 * `sendLargeAnswers` puts the items' JSON in its place, piece by piece. A streamed batch of tRPC is sent before its lists
 * are read: it has no placeholder, and is only counted among the answers that were not sent yet.
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

/** Sends answers that have large lists in pieces, whatever route made them. */
export function sendLargeAnswers(app: FastifyInstance): void {
  const unsent = new UnsentAnswers(limits.largeAnswersUnsentMax);
  app.decorate('unsentAnswers', unsent);
  app.decorateRequest('largeLists', undefined);
  const inPieces = async (payload: unknown, reply: FastifyReply, lists: ListTexts) => {
    const body = await bodyOf(reply, payload);
    if (body === undefined) return payload;
    unsent.add(reply.raw);
    return Readable.from(chunksOf(body, lists), { objectMode: false });
  };
  // Not an async hook: nearly every answer passes it, and would pay for a promise.
  app.addHook('onSend', ({ largeLists }, reply, payload, done) => {
    if (!largeLists) return done(null, payload);
    inPieces(payload, reply, largeLists).then((pieces) => done(null, pieces), done);
  });
}

/** The body, if it is text that was made in one go: tRPC answers with a `Response`, REST with a string. */
async function bodyOf(reply: FastifyReply, payload: unknown): Promise<string | undefined> {
  if (typeof payload === 'string') return payload;
  if (!(payload instanceof Response)) return undefined;
  reply.code(payload.status).headers(Object.fromEntries(payload.headers));
  return payload.text();
}

function* chunksOf(body: string, lists: ListTexts): Generator<string> {
  const placed = [...lists]
    .map(([placeholder, texts]) => ({ quoted: JSON.stringify(placeholder), texts }))
    .map((list) => ({ ...list, at: body.indexOf(list.quoted) }))
    // An error took the place of the answer.
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
 * The large answers whose clients have not read them to the end. They take memory, so there is a bound on them: one
 * more closes the connection that has been reading for the longest.
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
    /** The large lists of its answer. */
    largeLists: ListTexts | undefined;
  }
  interface FastifyInstance {
    /** The large answers of this process that were not sent yet. */
    unsentAnswers: UnsentAnswers;
  }
}
