/** A chat message, of which nothing is known but that the engine may reject it. */
export type ChatMessage = { role?: unknown } | null;

export interface FitContextOptions {
  tokensMax: number;
  /** How many tokens these messages are as a prompt; nothing when the engine rejects to say. */
  countTokens(messages: readonly ChatMessage[]): Promise<number | undefined>;
}

/**
 * Leaves out the oldest messages of a conversation that is longer than the model can read. The system prompt
 * and the last message always stay, so the result may still be too long: then the engine rejects it.
 *
 * Only the engine can count, which is why this is done here and not left to the caller's estimate.
 */
export async function fitContext(
  messages: readonly ChatMessage[],
  { tokensMax, countTokens }: FitContextOptions,
): Promise<readonly ChatMessage[]> {
  const isSystem = messages[0]?.role === 'system' || messages[0]?.role === 'developer';
  const system = messages.slice(0, isSystem ? 1 : 0);
  let conversation = messages.slice(system.length);
  for (;;) {
    const fitted = [...system, ...conversation];
    if (conversation.length <= 1) return fitted;
    const tokens = await countTokens(fitted);
    if (tokens === undefined || tokens <= tokensMax) return fitted;
    conversation = conversation.slice(messagesToDrop(conversation.length, tokens / tokensMax));
  }
}

/**
 * In proportion, so that a few rounds do, and in blocks: as the chat grows, the cut stays where it is for
 * several turns, and what the engine has read is still good.
 */
function messagesToDrop(length: number, excess: number): number {
  const share = length - Math.floor(length / excess);
  return Math.min(Math.ceil(Math.max(share, 1) / BLOCK) * BLOCK, length - 1);
}

const BLOCK = 4;
