import { endOf, reportedEndOf, shownTape, turnsOnPath } from './check-turns.ts';
import type { ChatHistory, ShownChatEvent, StoredTurn } from './history.ts';
import { ShownTape } from './shown-tape.ts';

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
  readonly #tapes = new Map<string, ShownTape>();
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
        this.#tapes.set(event.messageId, new ShownTape());
        return;
      case 'answer-snapshot':
        this.#begun(event.messageId).replace(event.text, event.parts);
        return;
      case 'answer-delta': {
        const tape = this.#growing(event.messageId);
        // An empty delta carries a wait.
        if (event.text !== '') tape.text(event.text);
        return;
      }
      case 'answer-part':
        this.#growing(event.messageId).part(event.event);
        return;
      case 'answer-ended':
        this.#end(event);
        return;
      case 'chat-snapshot':
        // A snapshot replaces all earlier events by the list, and unfinished answers are emitted again.
        this.#place = undefined;
        this.#tapes.clear();
        this.#ended.clear();
        return;
      case 'chat-deleted':
        this.#isDeleted = true;
        if (!this.#chat.isDeleted) this.#say('received a deletion of the chat, which exists');
    }
  }

  #growing(messageId: string): ShownTape {
    if (!this.#tapes.has(messageId)) this.#say(`a delta of ${messageId} came before its start`);
    if (this.#ended.has(messageId)) this.#say(`a delta of ${messageId} came after its end`);
    return this.#begun(messageId);
  }

  #begun(messageId: string): ShownTape {
    const tape = this.#tapes.get(messageId) ?? new ShownTape();
    this.#tapes.set(messageId, tape);
    return tape;
  }

  #accept(answerId: string): void {
    const sequence = this.#stored.get(answerId)?.sequence;
    if (sequence === undefined) {
      if (!this.#chat.isDeleted) this.#say(`received ${answerId}, which is not stored`);
      return;
    }
    if (this.#place !== undefined && sequence !== this.#place + 1)
      this.#say(`received turn ${sequence} after turn ${this.#place}`);
    this.#checkPath(sequence);
    this.#place = sequence;
  }

  /** Without a snapshot, what the follower shows stays: a turn only follows it. */
  #checkPath(sequence: number): void {
    const { turns } = this.#chat;
    const [shown, next] = [this.#place, sequence].map((place) =>
      turns.find((turn) => turn.sequence === place),
    );
    if (!shown || !next) return;
    const before = turnsOnPath(next, turns).slice(0, -1);
    const isSame =
      before.map(({ id }) => id).join() ===
      turnsOnPath(shown, turns)
        .map(({ id }) => id)
        .join();
    if (!isSame) this.#say(`received turn ${sequence} of another path without a snapshot`);
  }

  #end({ messageId, ...end }: Extract<ShownChatEvent, { type: 'answer-ended' }>): void {
    if (this.#ended.has(messageId)) this.#say(`received the end of ${messageId} twice`);
    this.#ended.add(messageId);
    const turn = this.#stored.get(messageId);
    if (!turn) return;
    if (endOf(turn) !== reportedEndOf(end))
      this.#say(`received ${messageId} as ${reportedEndOf(end)}; stored is ${endOf(turn)}`);
    const shown = this.#tapes.get(messageId)?.tape;
    if (shown !== undefined && !turn.isRemoved && shown !== shownTape(turn))
      this.#say(`shown "${shown}" of ${messageId} to its end; stored is "${shownTape(turn)}"`);
  }

  #say(offence: string): void {
    this.offences.push(offence);
  }
}
