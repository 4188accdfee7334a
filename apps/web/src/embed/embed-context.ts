import { createContext, useContext } from 'react';

/** The settings and callbacks of an embedded chat. */
export interface Embed {
  /** The title that the embedding page chose. */
  readonly title: string | undefined;
  /** The agent chosen by the embedding page. */
  readonly agentId: string | undefined;
  /** The heading above a new chat. */
  readonly greeting: string | undefined;
  /** Questions to start with. */
  readonly starters: readonly string[];
  /** The address of a picture of the agent. */
  readonly avatar: string | undefined;
  close(): void;
  notifyAnswered(): void;
}

/** Provides the settings of an embedded chat. */
export const EmbedContext = createContext<Embed | undefined>(undefined);

/** Returns the settings, or undefined in the chat page itself. */
export const useEmbed = (): Embed | undefined => useContext(EmbedContext);
