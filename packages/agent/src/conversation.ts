import type { JsonObject, ToolStep } from '@parley/contract';
import type { ContextMessage } from './build-context.ts';
import type { ModelMessage } from './model/model.ts';

/**
 * The messages for a model: the history, and the steps of this answer so far. Opaque fields are sent back only to the
 * model that wrote them; `source` identifies the called model.
 */
export function conversationOf(
  context: readonly ContextMessage[],
  steps: readonly ToolStep[],
  source: string,
): ModelMessage[] {
  return [...context, ...steps.flatMap((step) => messagesOf(step, (step.source ?? source) === source))];
}

function messagesOf({ text, calls, opaque }: ToolStep, isOwn: boolean): ModelMessage[] {
  const opaqueOf = (json: string | undefined) => (isOwn && toObject(json)) || {};
  return [
    {
      role: 'assistant',
      content: text.trim(),
      opaque: opaqueOf(opaque),
      calls: calls.map((call) => ({
        id: call.id,
        name: call.name,
        // Servers parse the arguments again and fail if they are not an object. The tool's result describes the
        // mistake.
        arguments: toObject(call.arguments) ? call.arguments : '{}',
        opaque: opaqueOf(call.opaque),
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
