import type { IncomingMessage } from 'node:http';
import { APIError, type OpenAI } from 'openai';
import type { Model, ModelCall, ModelRequest, OnPieces } from '../../model/model.ts';
import type { ModelFailure } from '../../model/model-failure.ts';
import { textsOf } from '../../model/texts-of.ts';
import { failureOf } from '../call-failure.ts';
import { HttpExchange } from '../http-fetch.ts';
import { type Omission, Omissions } from '../omissions.ts';
import { createOpenAiClient, type OpenAiEndpoint, sendOver } from '../openai-client.ts';
import { readProviderError } from '../provider-error.ts';
import { ResponseReader } from '../response-reader.ts';
import { toChatRequest } from './chat-request.ts';
import { ChunkReader } from './chunk-reader.ts';

/** Models of a server with the Chat Completions API, over the `openai` package. */
export class ChatCompletionsModel implements Model {
  readonly #openai: OpenAI;
  readonly #apiKey: string;
  readonly #omissions = new Omissions();

  constructor(endpoint: OpenAiEndpoint, connectMaxMs: number) {
    this.#openai = createOpenAiClient(endpoint, connectMaxMs);
    this.#apiKey = endpoint.apiKey;
  }

  ask(request: ModelRequest, onPieces: OnPieces): ModelCall {
    const { adaptation = [] } = request;
    const exchange = new HttpExchange(adaptation.includes(NEW_CONNECTION));
    const omissions = adaptation.filter((word) => word !== NEW_CONNECTION);
    void this.#ask({ ...request, adaptation: omissions }, exchange, onPieces);
    return exchange;
  }

  async #ask(request: ModelRequest, exchange: HttpExchange, onPieces: OnPieces): Promise<void> {
    const toFailure = (error: unknown) =>
      failureOf(error, { apiKey: this.#apiKey, texts: textsOf(request.messages) });
    const omitted = this.#omissions.of(request);
    let response: IncomingMessage;
    try {
      const body = toChatRequest(request, omitted);
      response = await sendOver(exchange, (options) => this.#openai.chat.completions.create(body, options));
    } catch (error) {
      const failure = this.#adapted(toFailure(error), error, { request, exchange, omitted });
      onPieces([{ type: 'error', failure }]);
      return;
    }
    this.#omissions.learn(request, omitted);
    new ResponseReader(response, new ChunkReader(), onPieces, toFailure);
  }

  /** A failure that a request in another form may not have. */
  #adapted(failure: ModelFailure, error: unknown, { request, exchange, omitted }: Attempt): ModelFailure {
    const { adaptation = [] } = request;
    if (exchange.wasIdleClosed) {
      return { ...failure, retry: 'now', adaptation: [...adaptation, NEW_CONNECTION] };
    }
    if (!(error instanceof APIError) || error.status === undefined) return failure;
    const reported = readProviderError(error.error ?? exchange.errorText);
    const omission = this.#omissions.after({ ...reported, status: error.status }, request, omitted);
    return omission ? { ...failure, retry: 'now', adaptation: [...adaptation, omission] } : failure;
  }
}

interface Attempt {
  readonly request: ModelRequest;
  readonly exchange: HttpExchange;
  readonly omitted: ReadonlySet<Omission>;
}

/** The request needs a connection that was not used before. */
const NEW_CONNECTION = 'new connection';
