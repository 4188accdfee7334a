/** A chat message that was not validated; the engine may reject it. */
export type ChatMessage = { role?: unknown } | null;

/** The limit, and how to count. */
export interface FitContextOptions {
  tokensMax: number;
  /** Resolves to the number of prompt tokens of these messages, or `undefined` when the engine rejects them. */
  countTokens(messages: readonly ChatMessage[]): Promise<number | undefined>;
}

/**
 * Removes the oldest messages of a conversation that exceeds the model's context. The system prompt and the last message
 * always stay, so the result can still be too long; then the engine rejects it. This is done here because only the engine
 * can count its tokens exactly.
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
 * Removes messages in proportion to the excess, so that few rounds are needed, and in blocks, so that the cut stays at the same
 * message for several turns and the engine can reuse its prompt cache.
 */
function messagesToDrop(length: number, excess: number): number {
  const share = length - Math.floor(length / excess);
  return Math.min(Math.ceil(Math.max(share, 1) / BLOCK) * BLOCK, length - 1);
}

const BLOCK = 4;
