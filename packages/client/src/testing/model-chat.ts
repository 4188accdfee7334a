import type { AnswerPartEvent, ChatEvent, Message, MessageList, MessagePart } from '@parley/contract';

interface ModelAnswer {
  readonly id: string;
  text: string;
  parts: MessagePart[];
  status: 'queued' | 'generating' | 'completed' | 'stopped' | 'failed';
  createdAt: string | undefined;
}

interface ModelTurn {
  readonly userMessageId: string;
  readonly content: string;
  readonly createdAt: string;
  readonly answers: ModelAnswer[];
}

/** All unfinished turns fit on the newest page, as on the server. */
const UNFINISHED_MAX = 3;

/** Events for a follower that it has not read yet. */
export type Feed = ChatEvent[];

/**
 * A model of the server's chat: its messages, its list and the events of each follower. Only the oldest
 * unfinished answer is written, and only the newest answer can be retried.
 */
export class ModelChat {
  turns: ModelTurn[] = [];
  /** The paths that the chat does not show. */
  readonly #others: ModelTurn[][] = [];
  readonly #feeds = new Set<Feed>();
  #minted = 0;
  #now = Date.parse('2026-01-01T00:00:00.000Z');

  /** Starts a stream: its first event, then the unfinished turns. */
  follow(first: 'chat-followed' | 'chat-snapshot'): Feed {
    const feed: Feed = [
      first === 'chat-followed' ? { type: first } : { type: first, messages: this.list(50).messages },
    ];
    const unfinished = this.turns.filter((turn) => isOpen(newest(turn)));
    for (const turn of unfinished) feed.push(accepted(turn, turn.answers.length > 1));
    for (const turn of unfinished) {
      const { id, status, parts } = newest(turn);
      if (status !== 'generating') continue;
      const messageId = id as Message['id'];
      feed.push({ type: 'answer-started', messageId });
      for (const part of parts) feed.push(...eventsOf(part, messageId));
    }
    this.#feeds.add(feed);
    return feed;
  }

  leave(feed: Feed): void {
    this.#feeds.delete(feed);
  }

  /** Returns undefined if the queue is full. */
  accept(content: string): ModelTurn | undefined {
    if (this.turns.filter((turn) => isOpen(newest(turn))).length >= UNFINISHED_MAX) return undefined;
    const turn: ModelTurn = {
      userMessageId: this.#mint(),
      content,
      createdAt: this.#time(),
      answers: [{ id: this.#mint(), text: '', parts: [], status: 'queued', createdAt: undefined }],
    };
    this.turns.push(turn);
    this.#emit(accepted(turn, false));
    return turn;
  }

  /** Starts or continues the next answer. */
  write(text: string): void {
    const answer = this.#running();
    if (!answer) return;
    const messageId = answer.id as Message['id'];
    if (answer.status === 'queued') {
      answer.status = 'generating';
      this.#emit({ type: 'answer-started', messageId });
      return;
    }
    this.#emit({ type: 'answer-delta', messageId, text: '', retryAt: '2026-01-01T00:01:00.000Z' });
    answer.text += text;
    const last = answer.parts.at(-1);
    if (last?.type === 'text') answer.parts.splice(-1, 1, { type: 'text', text: last.text + text });
    else if (text !== '') answer.parts.push({ type: 'text', text });
    this.#emit({ type: 'answer-delta', messageId, text });
  }

  /** Adds a part to the running answer: reasoning, a source, or a tool call with its result. */
  add(kind: 'reasoning' | 'source' | 'call' | 'failed call' | 'open call'): void {
    const answer = this.#running();
    if (answer?.status !== 'generating') return;
    const part = partOf(kind, `call${answer.parts.length}`);
    answer.parts.push(part);
    for (const event of eventsOf(part, answer.id as Message['id'])) this.#emit(event);
  }

  /** Starts the answer again, as after a takeover. */
  restart(): void {
    const answer = this.#running();
    if (answer?.status !== 'generating') return;
    // The next run has written its first word already.
    answer.text = 'again';
    answer.parts = [partOf('reasoning', ''), { type: 'text', text: 'again' }];
    const { text, parts } = answer;
    this.#emit({ type: 'answer-snapshot', messageId: answer.id as Message['id'], text, parts: [...parts] });
  }

  end(status: 'completed' | 'stopped' | 'failed'): ModelAnswer | undefined {
    const answer = this.#running();
    if (!answer || (status === 'completed' && answer.text === '')) return undefined;
    answer.status = status;
    if (answer.text !== '') answer.createdAt = this.#time();
    this.#emit({
      type: 'answer-ended',
      messageId: answer.id as Message['id'],
      status,
      ...(status === 'failed' && { errorCode: 'model_failed' }),
      ...finishReasonOf(answer),
      ...(answer.createdAt !== undefined && { createdAt: answer.createdAt }),
    });
    return answer;
  }

  /** Shows a new message in place of one of the shown ones, when all answers have ended. */
  fork(place: number, content: string): void {
    if (this.turns.length === 0 || this.#running()) return;
    this.#others.push(this.turns);
    this.turns = this.turns.slice(0, place % this.turns.length);
    this.#announcePath();
    this.accept(content);
  }

  /** Shows another path, when all answers have ended. */
  choose(place: number): void {
    const chosen = this.#others[place % this.#others.length];
    if (!chosen || this.#running()) return;
    this.#others.splice(this.#others.indexOf(chosen), 1, this.turns);
    this.turns = chosen;
    this.change();
  }

  /** Changes the chat, for example its title. Followers cannot tell this from the choice of a path. */
  change(): void {
    this.#announcePath();
    this.#emit({ type: 'chat-changed' });
    // The answer that is being read is told again from its start.
    const answer = this.#running();
    if (answer?.status !== 'generating') return;
    const messageId = answer.id as Message['id'];
    this.#emit({ type: 'answer-started', messageId });
    for (const part of answer.parts) for (const event of eventsOf(part, messageId)) this.#emit(event);
  }

  #announcePath(): void {
    this.#emit({ type: 'chat-snapshot', messages: this.list(50).messages });
  }

  retry(): ModelTurn | undefined {
    const turn = this.turns.at(-1);
    if (!turn || newest(turn).status !== 'failed') return undefined;
    turn.answers.push({ id: this.#mint(), text: '', parts: [], status: 'queued', createdAt: undefined });
    this.#emit(accepted(turn, true));
    return turn;
  }

  /** Returns messages, newest first, after `cursor` messages. The page ends with a user message. */
  list(limit: number, cursor = '0'): MessageList {
    const all = this.messages().reverse();
    const from = all.length - Number(cursor === '0' ? all.length : cursor);
    let to = Math.min(from + limit, all.length);
    while (to < all.length && all[to - 1]?.role === 'assistant') to++;
    // Counted from the oldest message, so that new messages do not move it.
    return { messages: all.slice(from, to), ...(to < all.length && { nextCursor: String(all.length - to) }) };
  }

  /** Returns all messages, oldest first. */
  messages(): Message[] {
    return this.turns.flatMap((turn) => {
      const answer = newest(turn);
      const question = {
        id: turn.userMessageId as Message['id'],
        content: turn.content,
        role: 'user' as const,
        createdAt: turn.createdAt,
      };
      if (answer.createdAt !== undefined && !isOpen(answer)) {
        const { createdAt, text: content, status } = answer;
        const id = answer.id as Message['id'];
        const role = 'assistant' as const;
        const parts = answer.parts.some(({ type }) => type !== 'text') && { parts: answer.parts };
        const error = status === 'failed' && { errorCode: 'model_failed' as const };
        return [
          question,
          { id, content, role, ...parts, status, ...error, ...finishReasonOf(answer), createdAt },
        ];
      }
      const answerId = answer.id as Message['id'];
      const { status } = answer;
      return [
        { ...question, status, answerId, ...(status === 'failed' && { errorCode: 'model_failed' as const }) },
      ];
    });
  }

  #running(): ModelAnswer | undefined {
    return this.turns.map(newest).find(isOpen);
  }

  #emit(event: ChatEvent): void {
    for (const feed of this.#feeds) feed.push(event);
  }

  #mint(): string {
    return `msg_${String(++this.#minted).padStart(6, '0')}`;
  }

  #time(): string {
    this.#now += 1_000;
    return new Date(this.#now).toISOString();
  }
}

/** Long answers are cut. */
function finishReasonOf({ status, text }: ModelAnswer): Pick<Message, 'finishReason'> {
  if (status !== 'completed') return {};
  return { finishReason: text.length > 8 ? 'length' : 'stop' };
}

/** Returns the newest answer of a turn. */
export function newest({ answers }: ModelTurn): ModelAnswer {
  const answer = answers.at(-1);
  if (!answer) throw new Error('a turn has an answer');
  return answer;
}

function isOpen({ status }: ModelAnswer): boolean {
  return status === 'queued' || status === 'generating';
}

function accepted(turn: ModelTurn, isRetry: boolean): ChatEvent {
  const { userMessageId, content, createdAt } = turn;
  const answer = newest(turn);
  const answerId = answer.id as Message['id'];
  const id = userMessageId as Message['id'];
  const message: Message = { id, content, role: 'user', createdAt, status: answer.status, answerId };
  return { type: 'message-accepted', ...(!isRetry && { message }), userMessageId: id, answerId };
}

function partOf(kind: Parameters<ModelChat['add']>[0], toolCallId: string): MessagePart {
  if (kind === 'reasoning') return { type: 'reasoning', text: 'hm' };
  if (kind === 'source') return { type: 'source-url', sourceId: toolCallId, url: 'https://a.example/' };
  const call = { type: 'dynamic-tool' as const, toolName: 'weather', toolCallId, input: {} };
  if (kind === 'open call') return { ...call, title: 'Looks', state: 'input-available' };
  const toolMetadata = { durationMs: 7 };
  if (kind === 'call')
    return { ...call, title: 'Looks', state: 'output-available', output: 'sun', toolMetadata };
  return { ...call, state: 'output-error', errorText: 'no', toolMetadata };
}

/** The events that tell a part. */
function eventsOf(part: MessagePart, messageId: Message['id']): ChatEvent[] {
  if (part.type === 'text') return [{ type: 'answer-delta', messageId, text: part.text }];
  const tell = (event: AnswerPartEvent): ChatEvent => ({ type: 'answer-part', messageId, event });
  if (part.type === 'reasoning')
    return [
      tell({ type: 'reasoning-start', part: 1 }),
      tell({ type: 'reasoning-delta', part: 1, text: part.text }),
      tell({ type: 'reasoning-end', part: 1 }),
    ];
  if (part.type === 'source-url') return [tell(part)];
  // Answers have no files.
  if (part.type === 'file') return [];
  const { toolCallId, toolName, title, input, toolMetadata } = part;
  const call = tell({ type: 'tool-input-available', toolCallId, toolName, ...(title && { title }), input });
  if (part.state === 'input-available') return [call];
  const result = part.state === 'output-error' ? { errorText: part.errorText } : { output: part.output };
  return [
    call,
    'errorText' in result
      ? tell({ type: 'tool-output-error', toolCallId, errorText: result.errorText ?? '', toolMetadata })
      : tell({ type: 'tool-output-available', toolCallId, output: result.output, toolMetadata }),
  ];
}
