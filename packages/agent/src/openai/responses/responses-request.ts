import type { JsonObject } from '@parley/contract';
import type OpenAI from 'openai';
import type { Contents } from '../../model/file-contents.ts';
import type { ModelMessage, ModelRequest } from '../../model/model.ts';
import type { Omission } from '../omissions.ts';
import { type UserPart, userParts } from '../user-parts.ts';
import { withoutSystem } from '../without-system.ts';

type Body = OpenAI.Responses.ResponseCreateParamsStreaming;
type Item = OpenAI.Responses.ResponseInputItem;

/** The field of a step or a call that contains its reasoning items, which must be sent back before it. */
export const REASONING_ITEMS = 'reasoning_items';
/** The field of a step that contains its phases. The text of the step gets the last one back. */
export const PHASES = 'phases';

/** Builds a Responses API request, without the parts that its server rejects. */
export function toResponsesRequest(
  request: ModelRequest,
  omitted: ReadonlySet<Omission>,
  contents: Contents,
): Body {
  const { model, messages, temperature, tools, mustAnswer } = request;
  const given = omitted.has('system') ? withoutSystem(messages) : messages;
  return {
    model,
    input: given.flatMap((message) => itemsOf(message, !omitted.has('opaque'), contents)),
    stream: true,
    // Without this field the server stores every conversation for a month.
    store: false,
    // A server that stores nothing accepts reasoning only in this form.
    ...(!omitted.has('include') && { include: ['reasoning.encrypted_content'] }),
    ...(temperature !== undefined && !omitted.has('temperature') && { temperature }),
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, parameters }) => ({
        ...{ type: 'function' as const, name, description, parameters: { ...parameters } },
        strict: false,
      })),
      ...(mustAnswer && !omitted.has('tool_choice') && { tool_choice: 'none' as const }),
    }),
  };
}

/** Every reasoning item must precede the same item as before; servers reject another order. */
function itemsOf(message: ModelMessage, withOpaque: boolean, contents: Contents): Item[] {
  if (message.role === 'tool') {
    return [{ type: 'function_call_output', call_id: message.callId, output: message.content }];
  }
  const { role, content } = message;
  if (!('calls' in message)) {
    const { files } = message;
    if (!files) return [{ type: 'message', role, content }];
    return [{ type: 'message', role: 'user', content: userParts({ content, files }, contents).map(toInput) }];
  }
  const { opaque, calls } = message;
  const phase = withOpaque && [opaque[PHASES]].flat().at(-1);
  return [
    ...(withOpaque ? reasoningIn(opaque) : []),
    ...(content === '' ? [] : [{ type: 'message', role, content, ...(phase && { phase }) } as Item]),
    ...calls.flatMap((call): Item[] => [
      ...(withOpaque ? reasoningIn(call.opaque) : []),
      { type: 'function_call', call_id: call.id, name: call.name, arguments: call.arguments },
    ]),
  ];
}

function reasoningIn({ [REASONING_ITEMS]: items }: JsonObject): Item[] {
  return Array.isArray(items) ? (items as unknown as Item[]) : [];
}

function toInput(part: UserPart): OpenAI.Responses.ResponseInputContent {
  if (part.kind === 'text') return { type: 'input_text', text: part.text };
  if (part.kind === 'image') return { type: 'input_image', image_url: part.data, detail: 'auto' };
  return { type: 'input_file', filename: part.filename, file_data: part.data };
}
