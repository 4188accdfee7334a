import { useCallback } from 'react';
import type { ParleyError } from '../parley-error.ts';
import type { Send } from '../send.ts';
import { useParley } from './provider.tsx';
import { useAction } from './use-action.ts';
import { useStore } from './use-store.ts';

/** What `useSendMessage` gives. */
export interface SendMessage {
  /** Sends a message; answers its key. It is shown at once, and stays until it is accepted or discarded. */
  readonly send: (content: string) => string;
  /**
   * Stops the answer that is being written, for `isStopping` long; those behind it stay. Needs `useMessages` of
   * the same chat to be mounted. Never rejects: see `error`.
   */
  readonly stop: () => Promise<void>;
  readonly isStopping: boolean;
  /** Answers a message again whose answer, this one, failed. Never rejects: see `error`. */
  readonly retry: (messageId: string) => Promise<void>;
  readonly isRetrying: boolean;
  /** See `Outbox.resend`. */
  readonly resend: (key: string) => void;
  /** See `Outbox.discard`. */
  readonly discard: (key: string) => string | undefined;
  /** What was sent and the transcript does not hold yet. */
  readonly sends: readonly Send[];
  /** Why the newest `stop` or `retry` failed; gone with the next. */
  readonly error?: ParleyError;
}

/** Sends into a chat, stops and retries its answers. */
export function useSendMessage(chatId: string): SendMessage {
  const { outbox, chats } = useParley();
  const stopping = useAction(chatId);
  const retrying = useAction(chatId);
  const subscribe = useCallback((listener: () => void) => outbox.subscribe(listener), [outbox]);
  const sends = useStore(subscribe, () => outbox.sendsOf(chatId));

  const send = useCallback((content: string) => outbox.send({ chatId, content }), [outbox, chatId]);
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
