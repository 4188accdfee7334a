import { createContext, useContext } from 'react';

/** What is different where the chat stands in another site's page. */
export interface Embed {
  readonly title: string;
  /** The agent that the page has chosen. */
  readonly agentId: string | undefined;
  close(): void;
  tellAnswered(): void;
}

export const EmbedContext = createContext<Embed | undefined>(undefined);

/** Undefined in the chat page itself. */
export const useEmbed = (): Embed | undefined => useContext(EmbedContext);
