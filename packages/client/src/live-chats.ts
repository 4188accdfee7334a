import { LiveChat, type LiveChatDeps } from './live-chat.ts';
import type { FollowedChats } from './parley.ts';

/** Closed chats that stay in memory, so that going back to one shows it at once and continues its stream. */
const LEFT_CHATS_MAX = 10;

/** Implements `FollowedChats`. */
export class LiveChats implements FollowedChats {
  readonly #deps: LiveChatDeps;
  /** Sorted by the last access, oldest first. */
  readonly #chats = new Map<string, LiveChat>();

  constructor(deps: LiveChatDeps) {
    this.#deps = deps;
  }

  of(chatId: string): LiveChat {
    const chat = this.#chats.get(chatId) ?? new LiveChat(chatId, this.#deps);
    this.#chats.delete(chatId);
    this.#chats.set(chatId, chat);
    this.#forget();
    return chat;
  }

  /** Opens the stream of an open chat again. Returns false if no chat has one. */
  reopenStream(): boolean {
    return [...this.#chats.values()].some((chat) => chat.reopenStream());
  }

  /** Resets all chats when the user changes. */
  reset(): void {
    // Iterate over a copy: listeners may access their chat again, which moves it to the end of the map.
    for (const [chatId, chat] of [...this.#chats]) {
      if (!chat.isOpen) this.#chats.delete(chatId);
      chat.reset();
    }
  }

  close(): void {
    for (const chat of [...this.#chats.values()]) chat.close();
    this.#chats.clear();
  }

  #forget(): void {
    const left = [...this.#chats.values()].filter(({ isOpen }) => !isOpen);
    // Keep the last one: it is the chat that is being accessed.
    for (const { chatId } of left.slice(0, -1 - LEFT_CHATS_MAX)) this.#chats.delete(chatId);
  }
}
