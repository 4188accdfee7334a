import type { AgentSettings, HistoryMessage } from './agent.ts';

/** A message as the model is given it. */
export interface ContextMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** The tokens of a message beside its text: its role and the marks around it. */
const TOKENS_PER_MESSAGE = 4;
const TOKENS_PER_BYTE = 2 / 5;

/**
 * The list of messages the model is given: the system prompt, if there is one, then user and assistant in
 * turn, the first and the last of them the user's. It is empty of turns only if the history holds no user
 * message with text.
 *
 * `messages` come oldest first. Messages without text are skipped; those of one role that then follow each
 * other (a person who wrote again after a failed answer) become one, joined by a blank line, so that nothing
 * the person said is lost. What comes after the newest user message is left out, and so are earlier messages that
 * the model rejected, because it would reject the new one with them.
 *
 * `budgetTokens` is the history's budget, in estimated tokens; the system prompt is not counted. What does
 * not fit is left out whole, the oldest first, and an answer goes with its question. The newest user message
 * is always there, even if it alone exceeds the budget. The work done is bounded by the budget, not by the
 * length of the history.
 */
export function buildContext(
  messages: readonly HistoryMessage[],
  settings: AgentSettings,
  budgetTokens: number,
): ContextMessage[] {
  const context: ContextMessage[] = [];
  if (settings.systemPrompt) context.push({ role: 'system', content: settings.systemPrompt });
  const newest = messages.findLastIndex((message) => message.role === 'user' && message.content !== '');
  const oldest = oldestThatFits(messages, newest, budgetTokens);
  for (let index = oldest; index >= 0 && index <= newest; index++) {
    const message = messages[index];
    if (message && isGiven(message, index === newest)) append(context, message);
  }
  return context;
}

function isGiven({ content, isRefused }: HistoryMessage, isNewest: boolean): boolean {
  return content !== '' && (isNewest || !isRefused);
}

/**
 * How many tokens a message takes, estimated without a tokenizer: two for five bytes of its UTF-8, and four
 * for the message itself. That is rather too many than too few: half as much again as OpenAI's tokenizers
 * count for English and code, a little more than they count for most other scripts. Base64 and strings of
 * symbols take up to twice the estimate: the model's window must have room beside the budget.
 */
export function estimateTokens(text: string): number {
  return TOKENS_PER_MESSAGE + tokensOfBytes(Buffer.byteLength(text));
}

/** The same for text of which only the size in UTF-8 is known, without the messages it stands in. */
export function tokensOfBytes(bytes: number): number {
  return Math.ceil(bytes * TOKENS_PER_BYTE);
}

/** Walks back from the newest while it fits; the answer is a user's message, or -1 where there is none. */
function oldestThatFits(messages: readonly HistoryMessage[], newest: number, budgetTokens: number): number {
  let oldest = newest;
  let left = budgetTokens;
  for (let index = newest; index >= 0; index--) {
    const message = messages[index];
    if (!message || !isGiven(message, index === newest)) continue;
    left -= estimateTokens(message.content);
    if (left < 0) break;
    if (message.role === 'user') oldest = index;
  }
  return oldest;
}

function append(context: ContextMessage[], message: HistoryMessage): void {
  const last = context.at(-1);
  if (last?.role === message.role) {
    context[context.length - 1] = { role: last.role, content: `${last.content}\n\n${message.content}` };
  } else {
    context.push({ role: message.role, content: message.content });
  }
}
