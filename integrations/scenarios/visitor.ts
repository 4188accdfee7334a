/** What one visitor met: every answer's times, and every request that was rejected. */
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
  /** What each visitor asks, one question after the other. */
  readonly questions: readonly string[];
}

interface Session {
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
 * Opens the chat page as a browser at this address does (session, agents, chats), begins a chat, follows it, and asks, each
 * question after the answer before it. What the server rejected stands in its result.
 *
 * @throws Error when an answer does not come to its end
 */
export async function visit({ url, publicUrl, questions }: ChatPage, address: string): Promise<Visit> {
  const firstTextMs: number[] = [];
  const answerMs: number[] = [];
  const rejected: Rejection[] = [];
  const away = new AbortController();

  async function ask(
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: object,
  ): Promise<Response> {
    const response = await fetch(url + path, {
      method,
      signal: away.signal,
      headers: {
        'x-forwarded-for': address,
        ...headers,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (response.ok) return response;
    const { code } = (await response.json()) as { code: string };
    rejected.push({ request: `${method} ${path.replace(/_\w+/g, '')}`, status: response.status, code });
    throw new Rejected();
  }

  try {
    const opened = await ask('POST', '/web/session', { origin: publicUrl, 'sec-fetch-site': 'same-origin' });
    const { publishableKey, userToken } = (await opened.json()) as Session;
    const credentials = { 'x-api-key': publishableKey, 'x-user-token': userToken };
    const { agents } = (await (await ask('GET', '/agent', credentials)).json()) as {
      agents: { id: string }[];
    };
    await (await ask('GET', '/chat?limit=30', credentials)).text();
    const made = await ask('POST', '/chat', credentials, { agentId: agents[0]?.id });
    const { id: chat } = (await made.json()) as { id: string };
    const stream = await ask('GET', `/chat/${chat}/events`, { ...credentials, accept: 'text/event-stream' });
    const events = readEvents(stream);
    for (const content of questions) {
      const sentAt = performance.now();
      const body = { content, role: 'user', wait: false };
      const sent = await ask('POST', `/chat/${chat}/message`, credentials, body);
      const { id: answer } = (await sent.json()) as { id: string };
      const answered = await readAnswer(events, answer, sentAt);
      firstTextMs.push(answered.firstTextMs);
      answerMs.push(answered.answerMs);
    }
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
  } finally {
    away.abort();
  }
  return { firstTextMs, answerMs, rejected };
}

/** Its response stands among the rejections. */
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
      const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1];
      text = text.slice(end + 2);
      if (data !== undefined) yield JSON.parse(data) as ChatEvent;
    }
  }
}
