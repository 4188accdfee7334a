import { type ChatTransport, DefaultChatTransport, type UIMessage, type UIMessageChunk } from 'ai';

/** Errors that end a stream and not the answer: the answer continues, and the stream can be resumed. */
const GOES_ON = [
  ...['answer_restarted', 'draining', 'database_unavailable', 'internal_error'],
  ...['unauthorized', 'user_token_invalid', 'user_signed_out'],
];

type Options<Name extends 'sendMessages' | 'reconnectToStream'> = Parameters<
  ChatTransport<UIMessage>[Name]
>[0];
type Listed = UIMessage & { content: string; status?: string; answerId?: string };
/** `userToken` returns a token of the signed-in user. It is called before each request. */
type Server = { url: string; apiKey: string; userToken?: () => Promise<string> };
type Call = { body?: object; key?: string; signal?: AbortSignal | undefined };

/** Lets `useChat` talk to Parley. A chat's `id` is its id in Parley. One transport serves all chats of a page. */
export class ParleyTransport extends DefaultChatTransport<UIMessage> {
  readonly #server: Server;
  /** The newest answer of each chat, until its end was received. */
  readonly #answers = new Map<string, { id: string; isOpen: boolean }>();

  constructor(server: Server) {
    super();
    this.#server = server;
  }

  /** The messages so far, for `useChat`'s `messages`. */
  async load(chatId: string): Promise<UIMessage[]> {
    const { messages } = (await (await this.#call(`${chatId}/message`)).json()) as { messages: Listed[] };
    const open = messages.find(({ status }) => status === 'queued' || status === 'generating');
    const last = open ?? messages.at(-1);
    if (last) this.#answers.set(chatId, { id: last.answerId ?? last.id, isOpen: open !== undefined });
    const textOf = ({ content: text }: Listed): UIMessage['parts'] => [{ type: 'text', text }];
    return messages.map((one) => ({ id: one.id, role: one.role, parts: one.parts ?? textOf(one) }));
  }

  /** Stops the answer. Its stream then ends by itself, with exactly the text that the server keeps. */
  async cancel(chatId: string): Promise<void> {
    const answer = this.#answers.get(chatId);
    if (answer?.isOpen) await this.#call(`${chatId}/message/${answer.id}/cancel`, { body: {} });
  }

  override async sendMessages({ chatId, messages, trigger, abortSignal: signal }: Options<'sendMessages'>) {
    const answer = this.#answers.get(chatId);
    if (trigger === 'regenerate-message' && answer) {
      const path = `${chatId}/message/${answer.id}`;
      // An answer without a received end is resumed instead of requested again.
      if (answer.isOpen) return this.#read(await this.#call(`${path}/stream`, { signal }));
      return this.#read(await this.#call(`${path}/retry`, { body: {}, key: `retry-${answer.id}`, signal }));
    }
    this.#answers.delete(chatId);
    const { id: key, parts } = messages.at(-1) ?? { id: '', parts: [] };
    const content = parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
    // A message that is sent again has the same key and is accepted once.
    return this.#read(
      await this.#call(`${chatId}/message`, { body: { role: 'user', content }, key, signal }),
    );
  }

  override async reconnectToStream({ chatId, abortSignal: signal }: Options<'reconnectToStream'>) {
    const answer = this.#answers.get(chatId);
    const path = answer?.isOpen ? `message/${answer.id}/stream` : 'stream';
    const response = await this.#call(`${chatId}/${path}`, { signal });
    return response.status === 204 ? null : this.#read(response);
  }

  /** Throws the error message of the server. */
  async #call(path: string, { body, key, signal }: Call = {}): Promise<Response> {
    const headers = new Headers({ 'x-api-key': this.#server.apiKey, accept: 'text/event-stream' });
    if (this.#server.userToken) headers.set('x-user-token', await this.#server.userToken());
    if (body) headers.set('content-type', 'application/json');
    if (key) headers.set('idempotency-key', key);
    const method = body ? 'POST' : 'GET';
    const sent = { method, headers, signal: signal ?? null, body: body ? JSON.stringify(body) : null };
    const response = await fetch(`${this.#server.url}/chat/${path}`, sent);
    if (response.ok) return response;
    const apiError = (await response.json().catch(() => ({}))) as { message?: string };
    throw new Error(apiError.message ?? response.statusText, { cause: apiError });
  }

  /** The parts of an answer's stream. */
  #read({ body }: Response): ReadableStream<UIMessageChunk> {
    let answer = { id: '', isOpen: true };
    const watch = new TransformStream<UIMessageChunk, UIMessageChunk>({
      transform: (part, parts) => {
        if (part.type === 'start' && part.messageId) {
          answer = { id: part.messageId, isOpen: true };
          this.#answers.set((part.messageMetadata as { chatId: string }).chatId, answer);
        }
        if (part.type === 'data-refusal')
          answer.isOpen = GOES_ON.includes((part.data as { code: string }).code);
        if (part.type === 'finish' || part.type === 'abort') answer.isOpen = false;
        parts.enqueue(part);
      },
    });
    return this.processResponseStream(body ?? new ReadableStream()).pipeThrough(watch);
  }
}
