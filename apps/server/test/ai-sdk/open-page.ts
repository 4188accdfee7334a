import './dom.ts';
import { type UseChatHelpers, type UseChatOptions, useChat } from '@ai-sdk/react';
import type { UIMessage } from 'ai';
import { createElement, Fragment, StrictMode, useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import { onTestFinished } from 'vitest';
import { newContainer } from './dom.ts';

type Chat = UseChatHelpers<UIMessage>;

/** A page that shows a chat by `useChat`. */
export interface Page {
  /** The result of the hook at the newest render. */
  readonly chat: Chat;
  /** The messages as a person reads them: `user: hello`. */
  readonly lines: readonly string[];
  /** The newest line at each render, if it has changed. */
  readonly history: readonly string[];
  /** Calls a function of the hook and waits until the page shows the result. */
  act(action: (chat: Chat) => Promise<void>): Promise<void>;
  /** Waits for a matching render, the newest or a later one. */
  until(accepts: (page: Page) => boolean): Promise<void>;
  /** Leaves the page, as a navigation does. */
  close(): void;
}

export type PageOptions = UseChatOptions<UIMessage> & {
  /** React mounts everything twice, as in development. */
  readonly isStrict?: boolean;
};

/** Opens a page, which closes with the test at the latest. */
export async function openPage({ isStrict = false, ...options }: PageOptions): Promise<Page> {
  const root = createRoot(newContainer());
  const waiting = new Set<() => void>();
  const history: string[] = [];
  let chat: Chat | undefined;
  let isOpen = true;
  let rounds = 0;
  let shownRound = 0;

  function ChatView({ round }: { round: number }) {
    const rendered = useChat(options);
    useEffect(() => {
      chat = rendered;
      const newest = page.lines.at(-1) ?? '';
      if (newest !== history.at(-1)) history.push(newest);
      shownRound = round;
      for (const look of [...waiting]) look();
    });
    return null;
  }
  /** Renders again with the newest state of the hook. */
  const refresh = () => {
    const round = ++rounds;
    root.render(createElement(isStrict ? StrictMode : Fragment, null, createElement(ChatView, { round })));
    return until(() => shownRound >= round);
  };
  const until = (accepts: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!accepts()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });

  const page: Page = {
    get chat() {
      if (!chat) throw new Error('the page was not rendered');
      return chat;
    },
    get lines() {
      return page.chat.messages.map(lineOf);
    },
    history,
    async act(action) {
      await action(page.chat);
      if (isOpen) await refresh();
    },
    until: (accepts) => until(() => accepts(page)),
    close() {
      isOpen = false;
      root.unmount();
    },
  };
  onTestFinished(() => page.close());
  await refresh();
  return page;
}

function lineOf({ role, parts }: UIMessage): string {
  return `${role}: ${parts.map((part) => (part.type === 'text' ? part.text : '')).join('')}`;
}
