import type { ChatEvent, Message, MessageList } from '@parley/contract';

interface ModelAnswer {
  readonly id: string;
  text: string;
  status: 'queued' | 'generating' | 'completed' | 'stopped' | 'failed';
  createdAt: string | undefined;
}

interface ModelTurn {
  readonly userMessageId: string;
  readonly content: string;
  readonly createdAt: string;
  readonly answers: ModelAnswer[];
}

/** All that is unfinished stands on the newest page, as it does at the server. */
const UNFINISHED_MAX = 3;

/** What a follower was promised and has not taken yet. */
export type Feed = ChatEvent[];

/**
 * A chat as the server keeps and tells it, without the server: its messages, its list, and what each follower is
 * told. Only the oldest unfinished answer is written, and only a failed newest one is retried.
 */
export class ModelChat {
  readonly turns: ModelTurn[] = [];
  readonly #feeds = new Set<Feed>();
  #minted = 0;
  #now = Date.parse('2026-01-01T00:00:00.000Z');

  /** What a new follower is told: that it is one, and what is unfinished. */
  follow(first: 'chat-followed' | 'chat-snapshot'): Feed {
    const feed: Feed = [
      first === 'chat-followed' ? { type: first } : { type: first, messages: this.list(50).messages },
    ];
    const unfinished = this.turns.filter((turn) => isOpen(newest(turn)));
    for (const turn of unfinished) feed.push(accepted(turn, turn.answers.length > 1));
    for (const turn of unfinished) {
      const { id, status, text } = newest(turn);
      if (status !== 'generating') continue;
      feed.push({ type: 'answer-started', messageId: id as Message['id'] });
      if (text) feed.push({ type: 'answer-delta', messageId: id as Message['id'], text });
    }
    this.#feeds.add(feed);
    return feed;
  }

  leave(feed: Feed): void {
    this.#feeds.delete(feed);
  }

  /** Refused while as many wait as may. */
  accept(content: string): ModelTurn | undefined {
    if (this.turns.filter((turn) => isOpen(newest(turn))).length >= UNFINISHED_MAX) return undefined;
    const turn: ModelTurn = {
      userMessageId: this.#mint(),
      content,
      createdAt: this.#time(),
      answers: [{ id: this.#mint(), text: '', status: 'queued', createdAt: undefined }],
    };
    this.turns.push(turn);
    this.#tell(accepted(turn, false));
    return turn;
  }

  /** Begins or goes on with the answer that is next. */
  write(text: string): void {
    const answer = this.#running();
    if (!answer) return;
    const messageId = answer.id as Message['id'];
    if (answer.status === 'queued') {
      answer.status = 'generating';
      this.#tell({ type: 'answer-started', messageId });
      return;
    }
    answer.text += text;
    this.#tell({ type: 'answer-delta', messageId, text });
  }

  /** The process that wrote it was lost: another one begins anew. */
  restart(): void {
    const answer = this.#running();
    if (answer?.status !== 'generating') return;
    answer.text = '';
    this.#tell({ type: 'answer-snapshot', messageId: answer.id as Message['id'], text: '' });
  }

  end(status: 'completed' | 'stopped' | 'failed'): ModelAnswer | undefined {
    const answer = this.#running();
    if (!answer || (status === 'completed' && answer.text === '')) return undefined;
    answer.status = status;
    if (status === 'failed') answer.text = '';
    if (answer.text !== '') answer.createdAt = this.#time();
    this.#tell({
      type: 'answer-ended',
      messageId: answer.id as Message['id'],
      status,
      ...(status === 'failed' && { errorCode: 'model_failed' }),
      ...(answer.createdAt !== undefined && { createdAt: answer.createdAt }),
    });
    return answer;
  }

  retry(): ModelTurn | undefined {
    const turn = this.turns.at(-1);
    if (!turn || newest(turn).status !== 'failed') return undefined;
    turn.answers.push({ id: this.#mint(), text: '', status: 'queued', createdAt: undefined });
    this.#tell(accepted(turn, true));
    return turn;
  }

  /** The list, newest first, from after `cursor` messages on; it ends with a user's message. */
  list(limit: number, cursor = '0'): MessageList {
    const all = this.messages().reverse();
    const from = all.length - Number(cursor === '0' ? all.length : cursor);
    let to = Math.min(from + limit, all.length);
    while (to < all.length && all[to - 1]?.role === 'assistant') to++;
    // Counted from the oldest, so that what is accepted meanwhile does not move it.
    return { messages: all.slice(from, to), ...(to < all.length && { nextCursor: String(all.length - to) }) };
  }

  /** The list as it is asked for without a limit. */
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
        const { createdAt, text: content } = answer;
        const status = answer.status;
        return [
          question,
          { id: answer.id as Message['id'], content, role: 'assistant' as const, status, createdAt },
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

  #tell(event: ChatEvent): void {
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
