import { acceptedByDefault, fileKindOf, type MessageFile, type TapePart, textOfCall } from '@parley/contract';
import type { AgentSettings, HistoryMessage } from './agent.ts';

/** A message of the history that the model gets. */
export interface ContextMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
  /** The parts of an answer whose tool calls the model gets again. */
  readonly parts?: readonly TapePart[];
  /** The files of user messages that the model gets. */
  readonly files?: readonly MessageFile[];
}

/** The tokens of a message beside its text: its role and the marks around it. */
const TOKENS_PER_MESSAGE = 4;
const TOKENS_PER_BYTE = 2 / 5;
/** An image that fills the largest size at which models read images. */
const TOKENS_PER_IMAGE = 1_100;
/** A page of a PDF has some dozen kilobytes, and models read its text and its picture. */
const TOKENS_PER_PDF_BYTE = 1 / 40;
const TOKENS_PER_PDF_MIN = 1_500;

/**
 * Builds the list of messages for the model: the system prompt, if there is one, then user and assistant messages in
 * alternation, beginning and ending with a user message. It contains no turns only if the history has no user message
 * with text.
 *
 * `messages` come oldest first. Messages without text are skipped. Adjacent messages of one role, such as those after
 * a failed answer, are joined by a blank line, so that no text of the user is lost. Messages after the newest user
 * message are left out, and so are earlier messages that the model rejected, because the model would reject the new
 * one with them.
 *
 * `budgetTokens` is the budget of the history, in estimated tokens; the system prompt is not counted. Messages that
 * do not fit are left out whole, the oldest first, and an answer together with its question. The newest user message
 * is always included, even if it alone exceeds the budget. The cost is bounded by the budget, not by the length of
 * the history.
 *
 * The files of messages count as well. Those of a kind that the agent does not accept are only named.
 *
 * An agent with tools also gets the tool calls of earlier answers, with their results, as far as the rest of the budget
 * lasts: those of the oldest answers are left out first. Reasoning is never given back.
 */
export function buildContext(
  history: readonly HistoryMessage[],
  settings: AgentSettings,
  budgetTokens: number,
): ContextMessage[] {
  const messages = history.some(({ files }) => files)
    ? history.map((message) => withAcceptedFiles(message, settings.accepts))
    : history;
  const context: ContextMessage[] = [];
  if (settings.systemPrompt) context.push({ role: 'system', content: settings.systemPrompt });
  const newest = messages.findLastIndex((message) => message.role === 'user' && hasContent(message));
  const { oldest, left } = oldestThatFits(messages, newest, budgetTokens);
  const toolsFrom = settings.tools?.length ? oldestWithTools(messages, oldest, newest, left) : newest;
  for (let index = oldest; index >= 0 && index <= newest; index++) {
    const message = messages[index];
    if (!message || !isGiven(message, index === newest)) continue;
    append(context, message, index >= toolsFrom ? message.parts : undefined);
  }
  return context;
}

function isGiven(message: HistoryMessage, isNewest: boolean): boolean {
  return hasContent(message) && (isNewest || !message.isRefused);
}

function hasContent({ content, files }: HistoryMessage): boolean {
  return content !== '' || files !== undefined;
}

/** A message whose other files are only named: they were sent when the agent accepted them. */
function withAcceptedFiles(message: HistoryMessage, accepts = acceptedByDefault): HistoryMessage {
  const { files, ...others } = message;
  if (!files) return message;
  const isAccepted = ({ mediaType }: MessageFile) => accepts.includes(fileKindOf(mediaType));
  const given = files.filter(isAccepted);
  const notes = files
    .filter((file) => !isAccepted(file))
    .map(({ filename }) => `[The file ${JSON.stringify(filename)} cannot be read.]`);
  const content = [message.content, ...notes].filter((text) => text !== '').join(BREAK);
  return { ...others, content, ...(given.length > 0 && { files: given }) };
}

/** Estimates the tokens of files. */
export function estimateFiles(files: readonly MessageFile[] = []): number {
  return files.reduce((sum, file) => sum + tokensOfFile(file), 0);
}

function tokensOfFile({ mediaType, bytes }: MessageFile): number {
  const kind = fileKindOf(mediaType);
  if (kind === 'image') return TOKENS_PER_IMAGE;
  if (kind === 'text') return TOKENS_PER_MESSAGE + tokensOfBytes(bytes);
  return Math.max(TOKENS_PER_PDF_MIN, Math.ceil(bytes * TOKENS_PER_PDF_BYTE));
}

/**
 * Estimates the tokens of a message without a tokenizer: two for five bytes of its UTF-8, and four for the message
 * itself. The estimate is high rather than low: 1.5 times the count of OpenAI's tokenizers for English and code, and
 * slightly more than their count for most other scripts. Base64 and strings of symbols take up to twice the estimate,
 * so the model's context window needs room beside the budget.
 */
export function estimateTokens(text: string): number {
  return TOKENS_PER_MESSAGE + tokensOfBytes(Buffer.byteLength(text));
}

/** Estimates the tokens of a text, of which only the size in UTF-8 is known, without the message around it. */
export function tokensOfBytes(bytes: number): number {
  return Math.ceil(bytes * TOKENS_PER_BYTE);
}

/**
 * Searches backwards from the newest message while the budget lasts. `oldest` is the index of a user message, or -1; `left` is
 * the rest of the budget.
 */
function oldestThatFits(messages: readonly HistoryMessage[], newest: number, budgetTokens: number) {
  let oldest = newest;
  let leftAtOldest = budgetTokens;
  let left = budgetTokens;
  for (let index = newest; index >= 0; index--) {
    const message = messages[index];
    if (!message || !isGiven(message, index === newest)) continue;
    left -= estimateTokens(message.content) + estimateFiles(message.files);
    if (left < 0) break;
    if (message.role === 'user') [oldest, leftAtOldest] = [index, left];
  }
  return { oldest, left: leftAtOldest };
}

/** Searches backwards for the oldest answer whose tool calls, with those of all newer ones, fit the rest of the budget. */
function oldestWithTools(
  messages: readonly HistoryMessage[],
  oldest: number,
  newest: number,
  budgetTokens: number,
): number {
  let left = budgetTokens;
  for (let index = newest; index >= Math.max(oldest, 0); index--) {
    for (const part of messages[index]?.parts ?? []) left -= estimateTokens(textOfCall(part));
    if (left < 0) return index + 1;
  }
  return oldest;
}

function append(
  context: ContextMessage[],
  { role, content, files }: HistoryMessage,
  parts: readonly TapePart[] | undefined,
): void {
  const last = context.at(-1);
  if (last?.role !== role) {
    context.push({ role, content, ...(parts && { parts }), ...(files && { files }) });
    return;
  }
  const allFiles = (files || last.files) && [...(last.files ?? []), ...(files ?? [])];
  const isBroken = last.content !== '' && content !== '';
  const joined = {
    ...{ role, content: `${last.content}${isBroken ? BREAK : ''}${content}` },
    ...(allFiles && { files: allFiles }),
  };
  const allParts = (parts || last.parts) && [
    ...(last.parts ?? [toTextPart(last.content)]),
    toTextPart(BREAK),
    ...(parts ?? [toTextPart(content)]),
  ];
  context[context.length - 1] = { ...joined, ...(allParts && { parts: allParts }) };
}

/** Separates joined messages. */
const BREAK = '\n\n';

function toTextPart(text: string): TapePart {
  return { type: 'text', text };
}
