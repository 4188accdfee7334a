import { createContext, useContext } from 'react';

/** The settings and callbacks of an embedded chat. */
export interface Embed {
  readonly title: string;
  /** The agent chosen by the embedding page. */
  readonly agentId: string | undefined;
  close(): void;
  notifyAnswered(): void;
}

/** Provides the settings of an embedded chat. */
export const EmbedContext = createContext<Embed | undefined>(undefined);

/** Returns the settings, or undefined in the chat page itself. */
export const useEmbed = (): Embed | undefined => useContext(EmbedContext);
