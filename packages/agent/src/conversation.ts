import type { JsonObject, TapePart, ToolCall, ToolStep } from '@parley/contract';
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
  const before = context.some(({ parts }) => parts) ? withEarlierCalls(context) : context;
  return [...before, ...steps.flatMap((step) => messagesOf(step, (step.source ?? source) === source))];
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

/** The history with the tool calls of its answers. Their ids are unique in the conversation. */
function withEarlierCalls(context: readonly ContextMessage[]): ModelMessage[] {
  let calls = 0;
  const mintId = () => `past${String(++calls).padStart(5, '0')}`;
  return context.flatMap((message): ModelMessage[] => {
    if (!message.parts) return [message];
    const { steps, rest } = stepsOf(message.parts, mintId);
    const messages = steps.flatMap((step) => messagesOf(step, false));
    return rest === '' ? messages : [...messages, { role: 'assistant', content: rest }];
  });
}

/** The steps of an answer, and its text after them. A call without a result is left out: its answer was stopped or failed. */
function stepsOf(parts: readonly TapePart[], mintId: () => string): { steps: ToolStep[]; rest: string } {
  const results = new Map(
    parts.flatMap((part) => (part.type === 'tool-result' ? [[part.id, part.result] as const] : [])),
  );
  const steps: ToolStep[] = [];
  let text = '';
  let calls: ToolCall[] = [];
  let before: TapePart['type'] | undefined;
  const endStep = () => {
    if (calls.length === 0) return;
    steps.push({ text, calls });
    text = '';
    calls = [];
  };
  for (const part of parts) {
    // The calls of one step follow each other, and their results come after the last of them.
    if (part.type !== 'tool-result' && before === 'tool-result') endStep();
    if (part.type === 'text') text += part.text;
    if (part.type === 'tool-call') {
      const result = results.get(part.id);
      if (result !== undefined)
        calls.push({ id: mintId(), name: part.name, arguments: part.arguments, result });
    }
    before = part.type;
  }
  endStep();
  return { steps, rest: text.trim() };
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
