import type { JsonObject } from '@parley/contract';
import type OpenAI from 'openai';
import type { ModelMessage, ModelRequest } from '../../model/model.ts';
import type { Omission } from '../omissions.ts';
import { withoutSystem } from '../without-system.ts';

type Body = OpenAI.Responses.ResponseCreateParamsStreaming;
type Item = OpenAI.Responses.ResponseInputItem;

/** Names the reasoning items that a step or a call keeps, to be given back before it. */
export const REASONING_ITEMS = 'reasoning_items';
/** Names the phases that a step keeps, of which its text gets the last one back. */
export const PHASES = 'phases';

/** A request as the Responses API takes it, without what its server rejects. */
export function toResponsesRequest(request: ModelRequest, omitted: ReadonlySet<Omission>): Body {
  const { model, messages, temperature, tools, mustAnswer } = request;
  const given = omitted.has('system') ? withoutSystem(messages) : messages;
  return {
    model,
    input: given.flatMap((message) => itemsOf(message, !omitted.has('opaque'))),
    stream: true,
    // Without this the server keeps every conversation for a month.
    store: false,
    // A server that stores nothing takes reasoning back only in this form.
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

/** Every reasoning item stands before the item it stood before: servers reject it elsewhere. */
function itemsOf(message: ModelMessage, withOpaque: boolean): Item[] {
  if (message.role === 'tool') {
    return [{ type: 'function_call_output', call_id: message.callId, output: message.content }];
  }
  const { role, content } = message;
  if (!('calls' in message)) return [{ type: 'message', role, content }];
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
