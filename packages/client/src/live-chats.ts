import { LiveChat, type LiveChatParts } from './live-chat.ts';
import type { FollowedChats } from './parley.ts';

/** Chats that are kept after they were left: going back to one shows it at once, and goes on where it was. */
const LEFT_CHATS_MAX = 10;

/** See `FollowedChats`. */
export class LiveChats implements FollowedChats {
  readonly #parts: LiveChatParts;
  /** The one that was asked for longest ago comes first. */
  readonly #chats = new Map<string, LiveChat>();

  constructor(parts: LiveChatParts) {
    this.#parts = parts;
  }

  of(chatId: string): LiveChat {
    const chat = this.#chats.get(chatId) ?? new LiveChat(chatId, this.#parts);
    this.#chats.delete(chatId);
    this.#chats.set(chatId, chat);
    this.#forget();
    return chat;
  }

  /** Somebody else looks from now on. */
  startOver(): void {
    // Whoever is told may ask for their chat again at once, which puts it behind all others.
    for (const [chatId, chat] of [...this.#chats]) {
      if (!chat.isOpen) this.#chats.delete(chatId);
      chat.startOver();
    }
  }

  close(): void {
    for (const chat of [...this.#chats.values()]) chat.close();
    this.#chats.clear();
  }

  #forget(): void {
    const left = [...this.#chats.values()].filter(({ isOpen }) => !isOpen);
    // The newest is the one that is asked for now.
    for (const { chatId } of left.slice(0, -1 - LEFT_CHATS_MAX)) this.#chats.delete(chatId);
  }
}
