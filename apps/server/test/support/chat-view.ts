import type { ChatEvent, Message } from '@parley/contract';

interface ShownTurn {
  readonly message: Message | undefined;
  readonly userMessageId: string;
  readonly answerId: string;
  text: string;
  status: 'queued' | 'generating' | 'completed' | 'stopped' | 'failed';
  errorCode?: Message['errorCode'];
  finishReason?: Message['finishReason'];
  createdAt?: string;
}

/** The view of a tab: the events of a chat's stream, reduced as a client would. */
export class ChatView {
  #turns: ShownTurn[] = [];
  /** The messages before the first event. */
  #before: readonly Message[] = [];
  #hasSnapshot = false;
  isDeleted = false;

  apply(event: ChatEvent): void {
    switch (event.type) {
      case 'message-accepted': {
        const { message, userMessageId, answerId } = event;
        this.#turns.push({ message, userMessageId, answerId, text: '', status: 'queued' });
        return;
      }
      case 'answer-started':
        this.#turnOf(event.messageId).status = 'generating';
        return;
      case 'answer-delta':
        this.#turnOf(event.messageId).text += event.text;
        return;
      case 'answer-snapshot':
        this.#turnOf(event.messageId).text = event.text;
        return;
      case 'answer-ended': {
        const { messageId, type: _type, ...end } = event;
        Object.assign(this.#turnOf(messageId), end);
        return;
      }
      case 'chat-snapshot':
        this.#before = event.messages;
        this.#hasSnapshot = true;
        this.#turns = [];
        return;
      case 'chat-deleted':
        this.isDeleted = true;
    }
  }

  /** The messages as a list shows them. */
  get messages(): Message[] {
    return [...this.#before, ...this.#turns.flatMap((turn) => this.#messagesOf(turn))];
  }

  #messagesOf(turn: ShownTurn): Message[] {
    const { message, userMessageId, answerId, text, status, errorCode, finishReason, createdAt = '' } = turn;
    const question = message && this.#withStatus(message);
    const isEnded = status === 'completed' || status === 'stopped' || status === 'failed';
    const isReplaced =
      this.#turns.findLast((turn) => turn.userMessageId === userMessageId)?.answerId !== answerId;
    if (createdAt === '' || !isEnded || isReplaced) return question ? [question] : [];
    const id = answerId as Message['id'];
    const answer: Message = {
      id,
      content: text,
      role: 'assistant',
      status,
      ...(errorCode !== undefined && { errorCode }),
      ...(finishReason && { finishReason }),
      createdAt,
    };
    return question ? [question, answer] : [answer];
  }

  /** A user's message has the status of its newest turn until that one has ended with text. */
  #withStatus({ id, content, role, createdAt }: Message): Message {
    const plain = { id, content, role, createdAt };
    const turns = this.#turns.filter(({ userMessageId }) => userMessageId === id);
    const newest = turns.at(-1);
    if (!newest || newest.createdAt !== undefined) return plain;
    const { status, errorCode, answerId } = newest;
    return {
      ...plain,
      status,
      answerId: answerId as Message['id'],
      ...(errorCode !== undefined && { errorCode }),
    };
  }

  #turnOf(answerId: string): ShownTurn {
    const turn = this.#turns.find((one) => one.answerId === answerId) ?? this.#listedTurn(answerId);
    if (!turn) throw new Error(`an answer ${answerId} arrived before its message`);
    return turn;
  }

  /** After a snapshot an answer may go on that it lists, or that a newer version has replaced. The view keeps what the snapshot has. */
  #listedTurn(answerId: string): ShownTurn | undefined {
    if (!this.#hasSnapshot) return undefined;
    return { message: undefined, userMessageId: '', answerId, text: '', status: 'queued' };
  }
}
