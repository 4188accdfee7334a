import type { FrameLocator, Locator, Page } from 'playwright-core';
import { ChatScreen } from './chat-screen.ts';

/** A page of another site with the embedded chat, as a visitor sees it. */
export class EmbeddingPage {
  readonly page: Page;
  /** The button that opens and closes the chat. */
  readonly bubble: Locator;
  readonly frame: FrameLocator;
  /** The chat in its frame. */
  readonly chat: ChatScreen;

  constructor(page: Page) {
    this.page = page;
    this.bubble = page.locator('parley-chat').getByRole('button');
    this.frame = page.frameLocator('parley-chat iframe');
    this.chat = new ChatScreen(page, this.frame);
  }

  /** Opens the chat, unless it is still open since the page before. */
  async open(): Promise<void> {
    if ((await this.bubble.getAttribute('aria-expanded')) === 'false') await this.bubble.click();
    await this.chat.message.waitFor();
  }

  /** Starts a chat in the frame. */
  async begin(text: string): Promise<void> {
    await this.chat.message.fill(text);
    await this.frame.getByRole('button', { name: 'Send', disabled: false }).waitFor();
    await this.chat.message.press('Enter');
  }
}

/** The markup of a page with one script tag. */
export function pageWithTag(server: string, attributes: Readonly<Record<string, string>>): string {
  const data = Object.entries(attributes).map(([name, value]) => ` data-${name}="${value}"`);
  return `<head><meta charset="utf-8"><title>A shop</title><meta name="viewport" content="width=device-width, initial-scale=1">
    <script src="${server}/embed.js"${data.join('')} async></script></head><body><main><h1>A shop</h1><p>What it sells.</p></main></body>`;
}

/** The strictest policy with which the chat works: it only allows this server where necessary. */
export function strictPolicy(server: string): Record<string, string> {
  return {
    'content-security-policy': `default-src 'none'; script-src ${server}; frame-src ${server}; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'`,
  };
}
