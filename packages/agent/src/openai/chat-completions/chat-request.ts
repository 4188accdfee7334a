import type OpenAI from 'openai';
import type { Contents } from '../../model/file-contents.ts';
import type { ModelMessage, ModelRequest } from '../../model/model.ts';
import type { Omission } from '../omissions.ts';
import { type MessageWithFiles, type UserPart, userParts } from '../user-parts.ts';
import { withoutSystem } from '../without-system.ts';

type Body = OpenAI.ChatCompletionCreateParamsStreaming;
type WireMessage = OpenAI.ChatCompletionMessageParam;

/** Builds a Chat Completions request, without the parts that its server rejects. */
export function toChatRequest(
  request: ModelRequest,
  omitted: ReadonlySet<Omission>,
  contents: Contents,
): Body {
  const { model, temperature, tools, mustAnswer } = request;
  return {
    model,
    messages: messagesOf(request, omitted, contents),
    stream: true,
    ...(!omitted.has('stream_options') && { stream_options: { include_usage: true } }),
    ...(temperature !== undefined && !omitted.has('temperature') && { temperature }),
    ...(tools.length > 0 && {
      tools: tools.map((tool) => ({ type: 'function' as const, function: tool })),
      ...(mustAnswer && !omitted.has('tool_choice') && { tool_choice: 'none' as const }),
    }),
  } as Body;
}

function messagesOf(
  { messages }: ModelRequest,
  omitted: ReadonlySet<Omission>,
  contents: Contents,
): WireMessage[] {
  const given = omitted.has('system') ? withoutSystem(messages) : messages;
  const withOpaque = !omitted.has('opaque');
  return given.map((message) => toWire(message, withOpaque, contents));
}

function toWire(message: ModelMessage, withOpaque: boolean, contents: Contents): WireMessage {
  if (message.role === 'tool') {
    return { role: 'tool', tool_call_id: message.callId, content: message.content };
  }
  if (!('calls' in message)) {
    const { role, content, files } = message;
    return files ? toUserMessage({ content, files }, contents) : { role, content };
  }
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

/** A message of text alone is sent as a text, because some servers accept nothing else. */
function toUserMessage(message: MessageWithFiles, contents: Contents): WireMessage {
  const parts = userParts(message, contents);
  const [only] = parts;
  if (parts.length === 1 && only?.kind === 'text') return { role: 'user', content: only.text };
  return { role: 'user', content: parts.map(toWirePart) };
}

function toWirePart(part: UserPart): OpenAI.ChatCompletionContentPart {
  if (part.kind === 'text') return { type: 'text', text: part.text };
  if (part.kind === 'image') return { type: 'image_url', image_url: { url: part.data } };
  return { type: 'file', file: { filename: part.filename, file_data: part.data } };
}
