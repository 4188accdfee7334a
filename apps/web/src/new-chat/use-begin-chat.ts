import type { ParleyError } from '@parley/client';
import { useCreateChat, useParley } from '@parley/client/react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';

/** Creates a chat with its first message. */
export interface BeginChat {
  /** Creates the chat, sends the message and opens the chat. Waits until the agent is known. */
  readonly begin: (content: string) => void;
  readonly isBeginning: boolean;
  readonly error: ParleyError | undefined;
}

/**
 * Returns a function that starts a chat with an agent. `onBegin` is called when the message is in the outbox.
 */
export function useBeginChat(agentId: string | undefined, onBegin: (content: string) => void): BeginChat {
  const { outbox } = useParley();
  const { create, error } = useCreateChat();
  const [, navigate] = useLocation();
  const [wanted, setWanted] = useState<string>();
  const isUnderway = useRef(false);

  const start = useCallback(
    async (agent: string, content: string) => {
      try {
        const chat = await create({ agentId: agent });
        outbox.send({ chatId: chat.id, content });
        onBegin(content);
        navigate(`/c/${chat.id}`);
      } catch {
        // `error` reports the failure, and the text stays in the message box.
      } finally {
        isUnderway.current = false;
        setWanted(undefined);
      }
    },
    [create, outbox, onBegin, navigate],
  );

  useEffect(() => {
    if (agentId === undefined || wanted === undefined || isUnderway.current) return;
    isUnderway.current = true;
    void start(agentId, wanted);
  }, [agentId, wanted, start]);

  const begin = useCallback((content: string) => setWanted((earlier) => earlier ?? content), []);
  return { begin, isBeginning: wanted !== undefined, error };
}
