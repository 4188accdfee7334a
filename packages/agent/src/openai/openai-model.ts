import type { IncomingMessage } from 'node:http';
import { fileKindOf, type MessageFile } from '@parley/contract';
import { APIError } from 'openai';
import { type Contents, type FileContents, filesOf, NO_CONTENTS } from '../model/file-contents.ts';
import type { Model, ModelCall, ModelRequest, OnPieces } from '../model/model.ts';
import type { ModelFailure } from '../model/model-failure.ts';
import { textsOf } from '../model/texts-of.ts';
import { BrokenCall } from './broken-call.ts';
import { failureOf } from './call-failure.ts';
import { HttpExchange } from './http-request.ts';
import { type Omission, Omissions } from './omissions.ts';
import type { OpenAiApi } from './openai-api.ts';
import { OpenAiClient, type OpenAiEndpoint } from './openai-client.ts';
import { readProviderError } from './provider-error.ts';
import { ResponseReader } from './response-reader.ts';
import { textOfFile } from './user-parts.ts';

/** The models of one server, over one of the package's APIs. */
export class OpenAiModel implements Model {
  readonly #api: OpenAiApi;
  readonly #client: OpenAiClient;
  readonly #apiKey: string;
  readonly #omissions: Omissions;
  readonly #files: FileContents;

  constructor(api: OpenAiApi, endpoint: OpenAiEndpoint, connectMaxMs: number, files: FileContents) {
    this.#api = api;
    this.#client = new OpenAiClient(endpoint, api.path, connectMaxMs);
    this.#apiKey = endpoint.apiKey;
    this.#omissions = new Omissions(api.omissible);
    this.#files = files;
  }

  ask(request: ModelRequest, onPieces: OnPieces): ModelCall {
    const { adaptation = [] } = request;
    const exchange = new HttpExchange(adaptation.includes(NEW_CONNECTION));
    const omissions = adaptation.filter((word) => word !== NEW_CONNECTION);
    void this.#ask({ ...request, adaptation: omissions }, exchange, onPieces);
    return exchange;
  }

  async #ask(request: ModelRequest, exchange: HttpExchange, onPieces: OnPieces): Promise<void> {
    const files = filesOf(request.messages);
    const toFailure = (error: unknown, contents?: Contents) =>
      failureOf(error, {
        apiKey: this.#apiKey,
        texts: textsOf(request.messages),
        ...quotable(files, contents),
      });
    const omitted = this.#omissions.of(request);
    let response: IncomingMessage | undefined;
    const send = async (contents: Contents) => {
      try {
        response = await this.#client.send(this.#api.toBody(request, omitted, contents), exchange);
      } catch (error) {
        const failure = this.#adapted(toFailure(error, contents), error, { request, exchange, omitted });
        onPieces([{ type: 'error', failure }]);
      }
    };
    if (files.length === 0) await send(NO_CONTENTS);
    else {
      try {
        await this.#files.use(files, send);
      } catch (cause) {
        const unread = new BrokenCall('the files of a message could not be read', {
          ...{ isFinal: true, cause },
        });
        onPieces([{ type: 'error', failure: toFailure(unread) }]);
      }
    }
    if (!response) return;
    this.#omissions.learn(request, omitted);
    new ResponseReader(response, this.#api.createReader(), onPieces, (error) => toFailure(error));
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

/**
 * The texts of files that a server may quote in an error. Once the request is sent they are no longer in memory, and the server's
 * message is not logged at all.
 */
function quotable(files: readonly MessageFile[], contents: Contents | undefined) {
  const texts = files.filter(({ mediaType }) => fileKindOf(mediaType) === 'text');
  if (texts.length === 0) return {};
  if (!contents) return { hasUnknownTexts: true };
  return { fileTexts: texts.flatMap(({ id }) => contents.get(id) ?? []).map(textOfFile) };
}

interface Attempt {
  readonly request: ModelRequest;
  readonly exchange: HttpExchange;
  readonly omitted: ReadonlySet<Omission>;
}

/** The request needs a connection that was not used before. */
const NEW_CONNECTION = 'new connection';
