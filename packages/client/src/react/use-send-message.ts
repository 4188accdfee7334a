import { useCallback } from 'react';
import type { ParleyError } from '../parley-error.ts';
import type { Send, SentFile } from '../send.ts';
import { useParley } from './provider.tsx';
import { useAction } from './use-action.ts';
import { useStore } from './use-store.ts';

/** The result of `useSendMessage`. */
export interface SendMessage {
  /**
   * Sends a message and returns its key. The message is shown at once and stays until it is accepted or
   * discarded. `content` may be empty with `files` of `useFiles`.
   */
  readonly send: (content: string, files?: readonly SentFile[]) => string;
  /**
   * Stops the running answer; later messages keep waiting. Requires a mounted `useMessages` of the same chat.
   * Never rejects: see `error`.
   */
  readonly stop: () => Promise<void>;
  readonly isStopping: boolean;
  /** Generates the failed answer `messageId` again. Never rejects: see `error`. */
  readonly retry: (messageId: string) => Promise<void>;
  readonly isRetrying: boolean;
  /** See `Outbox.resend`. */
  readonly resend: (key: string) => void;
  /** See `Outbox.discard`. */
  readonly discard: (key: string) => string | undefined;
  /** Sent messages that the transcript does not contain yet. */
  readonly sends: readonly Send[];
  /** The error of the newest `stop` or `retry`, until the next one. */
  readonly error?: ParleyError;
}

/** Sends messages to a chat, and stops and retries its answers. */
export function useSendMessage(chatId: string): SendMessage {
  const { outbox, chats } = useParley();
  const stopping = useAction(chatId);
  const retrying = useAction(chatId);
  const subscribe = useCallback((listener: () => void) => outbox.subscribe(listener), [outbox]);
  const sends = useStore(subscribe, () => outbox.sendsOf(chatId));

  const send = useCallback(
    (content: string, files: readonly SentFile[] = []) => outbox.send({ chatId, content, files }),
    [outbox, chatId],
  );
  const stop = useCallback(() => {
    const chat = chats.of(chatId);
    const { running } = chat.view();
    return running ? stopping.run(() => chat.stop(running.messageId)) : Promise.resolve();
  }, [chats, chatId, stopping.run]);
  const retry = useCallback(
    (messageId: string) => retrying.run(() => chats.of(chatId).retry(messageId)),
    [chats, chatId, retrying.run],
  );
  const resend = useCallback((key: string) => outbox.resend(key), [outbox]);
  const discard = useCallback((key: string) => outbox.discard(key), [outbox]);

  const error = stopping.error ?? retrying.error;
  return {
    send,
    stop,
    isStopping: stopping.isRunning,
    retry,
    isRetrying: retrying.isRunning,
    resend,
    discard,
    sends,
    ...(error && { error }),
  };
}
