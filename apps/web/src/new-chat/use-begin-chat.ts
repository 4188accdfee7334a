import type { ParleyError } from '@parley/client';
import { useCreateChat, useParley } from '@parley/client/react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';

export interface BeginChat {
  /** Makes the chat, sends its first message and goes there; before the agent is known, as soon as it is. */
  readonly begin: (content: string) => void;
  readonly isBeginning: boolean;
  readonly error: ParleyError | undefined;
}

/** Begins chats with an agent. `onBegin` is told the message once it is in the outbox, which does not lose it. */
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
        // `error` tells it, and the text stays where it is.
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
