import type OpenAI from 'openai';
import type { ModelMessage, ModelRequest } from '../../model/model.ts';
import type { Omission } from '../omissions.ts';
import { withoutSystem } from '../without-system.ts';

type Body = OpenAI.ChatCompletionCreateParamsStreaming;
type WireMessage = OpenAI.ChatCompletionMessageParam;

/** Builds a Chat Completions request, without the parts that its server rejects. */
export function toChatRequest(request: ModelRequest, omitted: ReadonlySet<Omission>): Body {
  const { model, temperature, tools, mustAnswer } = request;
  return {
    model,
    messages: messagesOf(request, omitted),
    stream: true,
    ...(!omitted.has('stream_options') && { stream_options: { include_usage: true } }),
    ...(temperature !== undefined && !omitted.has('temperature') && { temperature }),
    ...(tools.length > 0 && {
      tools: tools.map((tool) => ({ type: 'function' as const, function: tool })),
      ...(mustAnswer && !omitted.has('tool_choice') && { tool_choice: 'none' as const }),
    }),
  } as Body;
}

function messagesOf({ messages }: ModelRequest, omitted: ReadonlySet<Omission>): WireMessage[] {
  const given = omitted.has('system') ? withoutSystem(messages) : messages;
  const withOpaque = !omitted.has('opaque');
  return given.map((message) => toWire(message, withOpaque));
}

function toWire(message: ModelMessage, withOpaque: boolean): WireMessage {
  if (message.role === 'tool') {
    return { role: 'tool', tool_call_id: message.callId, content: message.content };
  }
  if (!('calls' in message)) return message;
  const { content, calls, opaque } = message;
  return {
    ...(withOpaque && opaque),
    role: 'assistant',
    content: content === '' ? null : content,
    tool_calls: calls.map((call) => ({
      ...(withOpaque && call.opaque),
      id: call.id,
      type: 'function',
      function: { name: call.name, arguments: call.arguments },
    })),
  };
}
