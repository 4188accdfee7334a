import { endOf, reportedEndOf, shownText } from './check-turns.ts';
import type { ChatHistory, ShownChatEvent, StoredTurn } from './history.ts';

/** Checks the events of a chat's followers: each message once and in order, each answer whole, each end once. */
export function checkChatReaders(chat: ChatHistory): string[] {
  const stored = new Map(chat.turns.map((turn) => [turn.answerId, turn]));
  return chat.chatReaders.flatMap(({ name, events }) => {
    const view = new ChatView(chat, stored);
    for (const event of events) view.take(event);
    return view.offences.map((offence) => `${name}: ${offence}`);
  });
}

class ChatView {
  readonly offences: string[] = [];
  readonly #chat: ChatHistory;
  readonly #stored: ReadonlyMap<string, StoredTurn>;
  readonly #texts = new Map<string, string>();
  readonly #ended = new Set<string>();
  #place: number | undefined;
  #isDeleted = false;

  constructor(chat: ChatHistory, stored: ReadonlyMap<string, StoredTurn>) {
    this.#chat = chat;
    this.#stored = stored;
  }

  take(event: ShownChatEvent): void {
    if (this.#isDeleted) this.#say(`${event.type} came after chat-deleted`);
    switch (event.type) {
      case 'message-accepted':
        this.#accept(event.answerId);
        return;
      case 'answer-started':
        this.#texts.set(event.messageId, '');
        return;
      case 'answer-snapshot':
        this.#texts.set(event.messageId, event.text);
        return;
      case 'answer-delta': {
        const before = this.#texts.get(event.messageId);
        if (before === undefined) this.#say(`a delta of ${event.messageId} came before its start`);
        if (this.#ended.has(event.messageId)) this.#say(`a delta of ${event.messageId} came after its end`);
        this.#texts.set(event.messageId, (before ?? '') + event.text);
        return;
      }
      case 'answer-ended':
        this.#end(event);
        return;
      case 'chat-snapshot':
        // A snapshot replaces all earlier events by the list, and unfinished answers are emitted again.
        this.#place = undefined;
        this.#texts.clear();
        this.#ended.clear();
        return;
      case 'chat-deleted':
        this.#isDeleted = true;
        if (!this.#chat.isDeleted) this.#say('received a deletion of the chat, which exists');
    }
  }

  #accept(answerId: string): void {
    const sequence = this.#stored.get(answerId)?.sequence;
    if (sequence === undefined) {
      if (!this.#chat.isDeleted) this.#say(`received ${answerId}, which is not stored`);
      return;
    }
    if (this.#place !== undefined && sequence !== this.#place + 1)
      this.#say(`received turn ${sequence} after turn ${this.#place}`);
    this.#place = sequence;
  }

  #end({ messageId, ...end }: Extract<ShownChatEvent, { type: 'answer-ended' }>): void {
    if (this.#ended.has(messageId)) this.#say(`received the end of ${messageId} twice`);
    this.#ended.add(messageId);
    const turn = this.#stored.get(messageId);
    if (!turn) return;
    if (endOf(turn) !== reportedEndOf(end))
      this.#say(`received ${messageId} as ${reportedEndOf(end)}; stored is ${endOf(turn)}`);
    const shown = this.#texts.get(messageId);
    if (shown !== undefined && shown !== shownText(turn))
      this.#say(`shown "${shown}" of ${messageId} to its end; stored is "${shownText(turn)}"`);
  }

  #say(offence: string): void {
    this.offences.push(offence);
  }
}
