import type { FrameLocator, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

/** The app as a person finds it: by what things are called. */
export class ChatScreen {
  readonly page: Page;
  readonly message: Locator;
  readonly sendButton: Locator;
  readonly stopButton: Locator;
  readonly retryButton: Locator;
  readonly newChatButton: Locator;
  readonly searchBox: Locator;
  /** The list of chats. */
  readonly chats: Locator;
  readonly conversation: Locator;

  /** `at`: where the app is, when it stands in a frame. */
  constructor(page: Page, at: Page | FrameLocator = page) {
    this.page = page;
    this.message = at.getByRole('textbox', { name: 'Message' });
    this.sendButton = at.getByRole('button', { name: 'Send' });
    this.stopButton = at.getByRole('button', { name: 'Stop' });
    this.retryButton = at.getByRole('button', { name: 'Retry' });
    this.newChatButton = at.getByRole('button', { name: 'New chat' });
    this.searchBox = at.getByRole('searchbox', { name: 'Search chats' });
    this.chats = at.getByRole('list', { name: 'Chats' });
    this.conversation = at.getByRole('log', { name: 'Conversation' });
  }

  /** Types a message and sends it with the key for it. */
  async send(text: string): Promise<void> {
    await this.message.fill(text);
    await this.message.press('Enter');
  }

  /** Begins a chat with this message; resolves with its id once the page is at its address. */
  async begin(text: string): Promise<string> {
    await this.message.fill(text);
    await this.page.getByRole('button', { name: 'Send', disabled: false }).waitFor();
    await this.message.press('Enter');
    await this.page.waitForURL(/\/c\/chat_/);
    return this.chatId;
  }

  get chatId(): string {
    return new URL(this.page.url()).pathname.replace('/c/', '');
  }

  /** The answers in the page, oldest first. */
  get answers(): Locator {
    return this.conversation.locator('[data-kind="answer"]');
  }

  /** The link of a chat in the list. */
  chatLink(title: string | RegExp): Locator {
    return this.chats.getByRole('link', { name: title });
  }

  /** Resolves once the newest answer reads exactly so, apart from white space; `status` is how it stands. */
  async untilAnswer(text: string, status?: string): Promise<void> {
    await expect.poll(() => this.newestAnswer()).toBe(squeeze(text));
    if (status !== undefined) {
      await expect.poll(() => this.answers.last().getAttribute('data-status')).toBe(status);
    }
  }

  /** What the newest answer reads, without its buttons and what is for screen readers alone. */
  async newestAnswer(): Promise<string | undefined> {
    const answers = this.answers;
    if ((await answers.count()) === 0) return undefined;
    return squeeze((await answers.last().locator('.markdown').allInnerTexts()).join(' '));
  }

  /** What the conversation reads, as plain lines. */
  async transcript(): Promise<string> {
    return squeeze(await this.conversation.innerText());
  }

  /** What the title of each listed chat is, from the top. */
  titles(): Promise<string[]> {
    return this.chats.getByRole('link').allInnerTexts();
  }
}

function squeeze(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
