import type { Feedback } from '@parley/contract';
import { createContext, useContext } from 'react';

/** The actions on the entries of a transcript. */
export interface ChatActions {
  /** Generates a failed answer again. */
  readonly retry: (answerId: string) => void;
  /** Asks for the rest of an answer that was stopped or cut, with an ordinary message. */
  readonly continueAnswer: () => void;
  /** Rates an answer, or takes the rating back. */
  readonly rate: (answerId: string, feedback: Feedback | undefined) => void;
  /** Sends a message again. */
  readonly resend: (key: string) => void;
  /** Moves an unsent message back into the message box. */
  readonly moveToDraft: (key: string) => void;
}

/** Provides the actions to the entries of a transcript. */
export const ChatActionsContext = createContext<ChatActions | undefined>(undefined);

/** Returns the actions of the surrounding transcript. Throws outside of `ChatActionsContext`. */
export function useChatActions(): ChatActions {
  const actions = useContext(ChatActionsContext);
  if (!actions) throw new Error('useChatActions is used outside of ChatActionsContext');
  return actions;
}
