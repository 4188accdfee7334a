import type { JsonObject, ToolStep } from '@parley/contract';
import type { ContextMessage } from './build-context.ts';
import type { ModelMessage } from './model/model.ts';

/** What the model is given: the history, and what it has done for this answer so far. */
export function conversationOf(
  context: readonly ContextMessage[],
  steps: readonly ToolStep[],
): ModelMessage[] {
  return [...context, ...steps.flatMap(messagesOf)];
}

function messagesOf({ text, calls, opaque }: ToolStep): ModelMessage[] {
  return [
    {
      role: 'assistant',
      content: text.trim(),
      opaque: toObject(opaque) ?? {},
      calls: calls.map((call) => ({
        id: call.id,
        name: call.name,
        // Servers read the arguments again, and fail at those that are no object: the result says what was wrong.
        arguments: toObject(call.arguments) ? call.arguments : '{}',
        opaque: toObject(call.opaque) ?? {},
      })),
    },
    ...calls.map(({ id, result = '' }) => ({ role: 'tool' as const, callId: id, content: result })),
  ];
}

function toObject(text = ''): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as JsonObject)
      : undefined;
  } catch {
    return undefined;
  }
}
