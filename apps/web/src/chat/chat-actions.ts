import { createContext, useContext } from 'react';

/** What can be done to what a transcript shows. */
export interface ChatActions {
  /** Answers a message again whose answer failed. */
  readonly retry: (answerId: string) => void;
  /** Tries a send again. */
  readonly resend: (key: string) => void;
  /** Takes a send back into the message box. */
  readonly takeBack: (key: string) => void;
}

export const ChatActionsContext = createContext<ChatActions | undefined>(undefined);

export function useChatActions(): ChatActions {
  const actions = useContext(ChatActionsContext);
  if (!actions) throw new Error('useChatActions is used outside of ChatActionsContext');
  return actions;
}
