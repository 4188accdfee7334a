import type { IncomingMessage } from 'node:http';
import { APIError } from 'openai';
import type { Model, ModelCall, ModelRequest, OnPieces } from '../model/model.ts';
import type { ModelFailure } from '../model/model-failure.ts';
import { textsOf } from '../model/texts-of.ts';
import { failureOf } from './call-failure.ts';
import { HttpExchange } from './http-request.ts';
import { type Omission, Omissions } from './omissions.ts';
import type { OpenAiApi } from './openai-api.ts';
import { OpenAiClient, type OpenAiEndpoint } from './openai-client.ts';
import { readProviderError } from './provider-error.ts';
import { ResponseReader } from './response-reader.ts';

/** The models of one server, over one of the package's APIs. */
export class OpenAiModel implements Model {
  readonly #api: OpenAiApi;
  readonly #client: OpenAiClient;
  readonly #apiKey: string;
  readonly #omissions: Omissions;

  constructor(api: OpenAiApi, endpoint: OpenAiEndpoint, connectMaxMs: number) {
    this.#api = api;
    this.#client = new OpenAiClient(endpoint, api.path, connectMaxMs);
    this.#apiKey = endpoint.apiKey;
    this.#omissions = new Omissions(api.omissible);
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
      response = await this.#client.send(this.#api.toBody(request, omitted), exchange);
    } catch (error) {
      const failure = this.#adapted(toFailure(error), error, { request, exchange, omitted });
      onPieces([{ type: 'error', failure }]);
      return;
    }
    this.#omissions.learn(request, omitted);
    new ResponseReader(response, this.#api.createReader(), onPieces, toFailure);
  }

  /** A failure that a modified request may avoid. */
  #adapted(failure: ModelFailure, error: unknown, { request, exchange, omitted }: Attempt): ModelFailure {
    const { adaptation = [] } = request;
    if (exchange.wasIdleClosed) {
      return { ...failure, retry: 'now', adaptation: [...adaptation, NEW_CONNECTION] };
    }
    if (!(error instanceof APIError) || error.status === undefined) return failure;
    const reported = { ...readProviderError(error.error), status: error.status };
    const omission = this.#omissions.after(reported, request, omitted);
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
