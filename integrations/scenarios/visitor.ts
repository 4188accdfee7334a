import type { PAGE_REQUESTS } from '../../apps/web/test/support/page-requests.ts';

/** A request to `/trpc` that the page makes. */
type PageCall = (typeof PAGE_REQUESTS.trpc)[number];

/** The results of one visitor: the times of every answer, and every rejected request. */
export interface Visit {
  /** From sending to the first text, in milliseconds. */
  readonly firstTextMs: readonly number[];
  /** From sending to the end of the answer. */
  readonly answerMs: readonly number[];
  readonly rejected: readonly Rejection[];
}

export interface Rejection {
  readonly request: string;
  readonly status: number;
  readonly code: string;
}

export interface ChatPage {
  /** The server, as this machine reaches it. */
  readonly url: string;
  /** The address under which browsers open it (`PUBLIC_URL`). */
  readonly publicUrl: string;
  /** The files that a browser loads with the page; none where the page is not built. */
  readonly files?: readonly string[];
  /** The questions of each visitor, one after the other. */
  readonly questions: readonly string[];
}

export interface Session {
  readonly publishableKey: string;
  readonly userToken: string;
}

interface ChatEvent {
  readonly type: string;
  readonly messageId?: string;
  readonly text?: string;
  readonly status?: string;
}

/**
 * Opens the chat page as a browser at this address does, begins a chat, follows it, and sends each question after the
 * answer before it. It makes the same requests as the page (`PAGE_REQUESTS`). The result contains the rejections of
 * the server.
 *
 * @throws Error when an answer does not complete
 */
export async function visit(
  { url, publicUrl, files = [], questions }: ChatPage,
  address: string,
): Promise<Visit> {
  const firstTextMs: number[] = [];
  const answerMs: number[] = [];
  const rejected: Rejection[] = [];
  const leaving = new AbortController();

  async function ask(path: string, headers: Record<string, string>, method = 'GET', body?: object) {
    const response = await fetch(url + path, {
      method,
      signal: leaving.signal,
      headers: {
        'x-forwarded-for': address,
        ...headers,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (response.ok) return response;
    const request = `${method} ${path.replace(/\?.*$/, '')}`;
    rejected.push({ request, status: response.status, code: codeOf(await response.json()) });
    throw new Rejected();
  }

  try {
    await Promise.all(files.map(async (file) => (await ask(file, {})).arrayBuffer()));
    const opened = await ask('/web/session', sessionHeaders(publicUrl), 'POST');
    const { publishableKey, userToken } = (await opened.json()) as Session;
    const credentials = { 'x-api-key': publishableKey, 'x-user-token': userToken };
    const query = async <Result>(calls: PageCall, ...inputs: object[]): Promise<readonly Result[]> => {
      const input = encodeURIComponent(JSON.stringify({ ...inputs }));
      const response = await ask(`/trpc/${calls}?batch=1&input=${input}`, credentials);
      return ((await response.json()) as TrpcResult<Result>[]).map(({ result }) => result.data);
    };
    const mutate = async (call: PageCall, input: object): Promise<{ readonly id: string }> => {
      const response = await ask(`/trpc/${call}`, credentials, 'POST', input);
      return ((await response.json()) as TrpcResult<{ id: string }>).result.data;
    };
    const follow = async (chatId: string) => {
      const input = encodeURIComponent(JSON.stringify({ chatId, parts: true }));
      return readEvents(
        await ask(`/trpc/${'chat.followAll' satisfies PageCall}?input=${input}`, credentials),
      );
    };

    const [, list] = await query<{ agents?: { id: string }[] }>(
      'chat.list,agent.list',
      { limit: 30, order: 'updated' },
      {},
    );
    await query('chat.list', { limit: 30, order: 'updated' });
    const { id: chatId } = await mutate('chat.create', { agentId: list?.agents?.[0]?.id });
    const following = follow(chatId);
    for (const [index, content] of questions.entries()) {
      const sentAt = performance.now();
      const sending = mutate('message.create', { chatId, content, role: 'user', wait: false });
      const [events, { id: answer }] = await Promise.all([following, sending]);
      const answering = readAnswer(events, answer, sentAt);
      if (index === 0) {
        await query('message.list', { chatId, limit: 50, order: 'desc' });
        await query('chat.get', { chatId, withMessages: false });
      }
      const answered = await answering;
      firstTextMs.push(answered.firstTextMs);
      answerMs.push(answered.answerMs);
    }
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
  } finally {
    leaving.abort();
  }
  return { firstTextMs, answerMs, rejected };
}

/** The headers of a browser when the server's own page asks for a session. */
export function sessionHeaders(publicUrl: string): Record<string, string> {
  return { origin: publicUrl, 'sec-fetch-site': 'same-origin' };
}

interface TrpcResult<Data> {
  readonly result: { readonly data: Data };
}

/** The code of an error, in the shape of REST or of tRPC. */
function codeOf(body: unknown): string {
  const [first] = [body].flat() as { code?: string; error?: { data?: { apiError?: { code: string } } } }[];
  return first?.error?.data?.apiError?.code ?? String(first?.code);
}

/** Its response is counted among the rejections. */
class Rejected extends Error {}

async function readAnswer(events: AsyncIterator<ChatEvent>, answer: string, sentAt: number) {
  let firstTextMs: number | undefined;
  for (;;) {
    const { value: event, done } = await events.next();
    if (done) throw new Error('the stream of events ended before the answer');
    if (event.messageId !== answer) continue;
    const sinceSent = performance.now() - sentAt;
    if (event.type === 'answer-delta' || event.type === 'answer-snapshot') firstTextMs ??= sinceSent;
    if (event.type !== 'answer-ended') continue;
    if (event.status !== 'completed') throw new Error(`an answer ended ${event.status}`);
    return { firstTextMs: firstTextMs ?? sinceSent, answerMs: sinceSent };
  }
}

async function* readEvents(response: Response): AsyncGenerator<ChatEvent, undefined> {
  if (!response.body) throw new Error('the stream has no body');
  let text = '';
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    text += piece;
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const event = text.slice(0, end);
      text = text.slice(end + 2);
      if (event.startsWith('event: serialized-error')) throw new Error(`the stream was rejected: ${event}`);
      // A ping of tRPC has no data.
      const data = /^data: (.+)$/m.exec(event)?.[1];
      if (data !== undefined) yield JSON.parse(data) as ChatEvent;
    }
  }
}
