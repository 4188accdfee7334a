import type { ToolCall, ToolStep } from '@parley/contract';
import type OpenAI from 'openai';
import type { ContextMessage } from './build-context.ts';

/** A message as the model is given it, calls of tools and their results included. */
export type ModelMessage =
  | ContextMessage
  | OpenAI.ChatCompletionAssistantMessageParam
  | OpenAI.ChatCompletionToolMessageParam;

/** What the model is given: the history, and what it has done for this answer so far. */
export function conversationOf(
  context: readonly ContextMessage[],
  steps: readonly ToolStep[],
): ModelMessage[] {
  return [...context, ...steps.flatMap(messagesOf)];
}

/** The texts of messages: what a server's own sentence must not quote in a log. */
export function textsOf(messages: readonly ModelMessage[]): { readonly content: string }[] {
  return messages.flatMap((message) => {
    const calls = message.role === 'assistant' && 'tool_calls' in message ? (message.tool_calls ?? []) : [];
    const written = calls.map((call) => ({ content: 'function' in call ? call.function.arguments : '' }));
    return [...(typeof message.content === 'string' ? [{ content: message.content }] : []), ...written];
  });
}

function messagesOf({ text, calls }: ToolStep): ModelMessage[] {
  return [
    { role: 'assistant', content: text.trim() || null, tool_calls: calls.map(toWire) },
    ...calls.map(({ id, result = '' }) => ({ role: 'tool' as const, tool_call_id: id, content: result })),
  ];
}

/** Servers read the arguments again, and fail at those that are no JSON: the result says what was wrong. */
function toWire({ id, name, arguments: written }: ToolCall): OpenAI.ChatCompletionMessageFunctionToolCall {
  return { id, type: 'function', function: { name, arguments: isJson(written) ? written : '{}' } };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
