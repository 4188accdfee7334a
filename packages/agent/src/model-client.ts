import type { IncomingMessage } from 'node:http';
import OpenAI, { APIError } from 'openai';
import type { ModelEndpoint } from './agent.ts';
import type { AgentBounds } from './bounds.ts';
import { BrokenCall } from './broken-call.ts';
import type { ModelMessage } from './conversation.ts';
import { createHttpFetch, type HttpExchange, type HttpResponse } from './http-fetch.ts';

/** What the model is asked. */
export interface ModelRequest {
  readonly model: string;
  readonly messages: readonly ModelMessage[];
  readonly temperature?: number | undefined;
  readonly tools?: readonly OpenAI.ChatCompletionFunctionTool[] | undefined;
  /** The model is told its tools, which the conversation speaks of, and may call none. */
  readonly mustAnswer?: boolean | undefined;
}

/** One endpoint: its connections, and what was learned of its server. */
export class ModelClient {
  readonly #openai: OpenAI;
  /** Whether the server takes `stream_options`: not all that call themselves compatible do. */
  #takesStreamOptions: boolean | undefined;

  constructor(endpoint: ModelEndpoint, bounds: AgentBounds) {
    this.#openai = new OpenAI({
      // An address and credentials are always given, so that the package looks for none in the environment.
      baseURL: endpoint.baseUrl ?? 'https://api.openai.com/v1',
      apiKey: endpoint.apiKey || 'none',
      adminAPIKey: null,
      organization: null,
      project: null,
      webhookSecret: null,
      fetch: createHttpFetch(bounds.connectMaxMs),
      // Repeating is decided here: within the answer's whole time, after broken streams too, and counted.
      maxRetries: 0,
      timeout: TIMEOUT_NEVER_MS,
      logLevel: 'off',
    });
  }

  /**
   * Asks, and gives the response whose body is the stream. A server that refuses `stream_options` is asked
   * again without, now and from then on; as long as it never took them, any refusal may mean that.
   *
   * @throws APIError of the package; BrokenCall when the request cannot even be sent.
   */
  async ask(request: ModelRequest, exchange: HttpExchange, callsMax: number): Promise<IncomingMessage> {
    if (this.#takesStreamOptions === false) return await this.#send(request, exchange, false);
    try {
      const response = await this.#send(request, exchange, true);
      this.#takesStreamOptions = true;
      return response;
    } catch (error) {
      if (!this.#mayMeanStreamOptions(error) || exchange.requests >= callsMax) throw error;
    }
    const response = await this.#send(request, exchange, false);
    this.#takesStreamOptions = false;
    return response;
  }

  #mayMeanStreamOptions(error: unknown): boolean {
    if (!(error instanceof APIError) || (error.status !== 400 && error.status !== 422)) return false;
    return this.#takesStreamOptions === undefined || error.message.includes('stream_options');
  }

  async #send(request: ModelRequest, exchange: HttpExchange, withUsage: boolean): Promise<IncomingMessage> {
    const body: OpenAI.ChatCompletionCreateParamsStreaming = {
      model: request.model,
      messages: [...request.messages],
      stream: true,
      ...(withUsage && { stream_options: { include_usage: true } }),
      ...(request.temperature !== undefined && { temperature: request.temperature }),
      ...(request.tools?.length && {
        tools: [...request.tools],
        ...(request.mustAnswer && { tool_choice: 'none' as const }),
      }),
    };
    try {
      // The package hands fetch options on as they are; this one is read by our own fetch.
      const fetchOptions = { exchange } as NonNullable<OpenAI.RequestOptions['fetchOptions']>;
      const response = await this.#openai.chat.completions.create(body, { fetchOptions }).asResponse();
      // Our own fetch made it. Reading it by hand costs a third of the package's stream.
      return (response as unknown as HttpResponse).incoming;
    } catch (error) {
      if (error instanceof APIError) throw error;
      // Its message may quote a header, the key's among them.
      throw new BrokenCall('the request could not be sent: the key or the address is malformed', 400);
    }
  }
}

/** The longest a timer takes: the bounds of an answer are held elsewhere. */
const TIMEOUT_NEVER_MS = 2 ** 31 - 1;
