import type { FrameLocator, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

/** The app as a user operates it: elements are found by their names. */
export class ChatScreen {
  readonly page: Page;
  readonly message: Locator;
  readonly sendButton: Locator;
  readonly stopButton: Locator;
  readonly retryButton: Locator;
  readonly newChatButton: Locator;
  readonly searchButton: Locator;
  readonly searchBox: Locator;
  /** The chats and messages that the search found. */
  readonly found: Locator;
  /** The list of chats. */
  readonly chats: Locator;
  readonly conversation: Locator;

  /** `at`: the frame that contains the app, if it is embedded. */
  constructor(page: Page, at: Page | FrameLocator = page) {
    this.page = page;
    this.message = at.getByRole('textbox', { name: 'Message' });
    this.sendButton = at.getByRole('button', { name: 'Send' });
    this.stopButton = at.getByRole('button', { name: 'Stop' });
    this.retryButton = at.getByRole('button', { name: 'Retry' });
    this.newChatButton = at.getByRole('button', { name: 'New chat' });
    this.searchButton = at.getByRole('button', { name: 'Search chats and messages' });
    this.searchBox = at.getByRole('combobox', { name: 'Search chats and messages' });
    this.found = at.getByRole('listbox', { name: 'Results' }).getByRole('option');
    this.chats = at.getByRole('list', { name: 'Chats' });
    this.conversation = at.getByRole('log', { name: 'Conversation' });
  }

  /** Types a message and presses Enter. */
  async send(text: string): Promise<void> {
    await this.message.fill(text);
    await this.message.press('Enter');
  }

  /** Starts a chat with this message. Resolves with its id once the page shows its address. */
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

  /** The answers on the page, oldest first. */
  get answers(): Locator {
    return this.conversation.locator('[data-kind="answer"]');
  }

  /** The link of a chat in the list. */
  chatLink(title: string | RegExp): Locator {
    return this.chats.getByRole('link', { name: title });
  }

  /** Resolves when the newest answer has this text, ignoring white space, and this status. */
  async untilAnswer(text: string, status?: string): Promise<void> {
    await expect.poll(() => this.newestAnswer()).toBe(squeeze(text));
    if (status !== undefined) {
      await expect.poll(() => this.answers.last().getAttribute('data-status')).toBe(status);
    }
  }

  /** Returns the text of the newest answer without its buttons and hidden text. */
  async newestAnswer(): Promise<string | undefined> {
    const answers = this.answers;
    if ((await answers.count()) === 0) return undefined;
    return squeeze((await answers.last().locator('.markdown').allInnerTexts()).join(' '));
  }

  /** Returns the text of the conversation as lines. */
  async transcript(): Promise<string> {
    return squeeze(await this.conversation.innerText());
  }

  /** Returns the titles of the listed chats from top to bottom. */
  titles(): Promise<string[]> {
    return this.chats.getByRole('link').allInnerTexts();
  }
}

function squeeze(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
