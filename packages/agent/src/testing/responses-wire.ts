import {
  type FinishOptions,
  type ScriptedCallBody,
  type ScriptedMessage,
  type ScriptedToolPiece,
  type ScriptedWire,
  usageOf,
} from './scripted-wire.ts';

/** The fields of a Responses API request that tests read. */
interface ResponsesBody {
  readonly model: string;
  readonly input: readonly InputItem[];
  readonly tools?: readonly { readonly name: string; readonly parameters: object }[];
  readonly tool_choice?: string;
  readonly temperature?: number;
}

interface InputItem {
  readonly type?: string;
  readonly role?: string;
  readonly content?: string;
  readonly call_id?: string;
  readonly name?: string;
  readonly arguments?: string;
  readonly output?: string;
}

/**
 * The Responses API: the same scripts answer with its events, and its requests appear to tests as Chat Completions
 * requests.
 */
export class ResponsesWire implements ScriptedWire {
  readonly body: ScriptedCallBody;
  #sequence = 0;
  readonly #items: Item[] = [];
  /** The output index of each tool call. */
  readonly #itemOfCall = new Map<number, number>();

  constructor(asked: ResponsesBody) {
    const { model, input, tools, tool_choice, temperature } = asked;
    this.body = {
      ...{ model, stream: true, messages: input.flatMap(toMessage) },
      ...(tools && { tools: tools.map((tool) => ({ function: tool })) }),
      ...(tool_choice !== undefined && { tool_choice }),
      ...(temperature !== undefined && { temperature }),
    };
  }

  text(content: string): string {
    const last = this.#items.at(-1);
    const begun = last?.type === 'message' ? '' : this.#begin({ type: 'message', content: [{ text: '' }] });
    const [part] = (this.#items.at(-1) as MessageItem).content;
    part.text += content;
    return `${begun}${this.#event('response.output_text.delta', { ...this.#place(), content_index: 0, delta: content })}`;
  }

  toolCall({ index, id, function: called }: ScriptedToolPiece): string {
    const number = index ?? 0;
    let begun = '';
    if (!this.#itemOfCall.has(number)) {
      this.#itemOfCall.set(number, this.#items.length);
      begun = this.#begin({ type: 'function_call', call_id: id, name: called?.name, arguments: '' });
    }
    const at = this.#itemOfCall.get(number) ?? 0;
    const delta = String(called?.arguments ?? '');
    const item = this.#items[at] as CallItem;
    item.arguments += delta;
    if (delta === '') return begun;
    return `${begun}${this.#event('response.function_call_arguments.delta', { ...this.#place(at), delta })}`;
  }

  finish({ reason = 'stop', usage = usageOf(this.body) }: FinishOptions): string {
    const ended = this.#items.map((item, at) =>
      this.#event('response.output_item.done', { ...this.#place(at), item: toWire(item, at) }),
    );
    const incomplete = { length: 'max_output_tokens', content_filter: 'content_filter' }[reason];
    const response = {
      ...{ id: 'resp_scripted', object: 'response', model: this.body.model },
      status: incomplete ? 'incomplete' : 'completed',
      incomplete_details: incomplete ? { reason: incomplete } : null,
      output: this.#items.map(toWire),
      ...(usage && {
        usage: { input_tokens: usage.prompt_tokens, output_tokens: usage.completion_tokens },
      }),
    };
    return [...ended, this.#event(`response.${response.status}`, { response })].join('');
  }

  error(error: object): string {
    return this.#event('error', error);
  }

  #begin(item: Item): string {
    this.#items.push(item);
    const at = this.#items.length - 1;
    return this.#event('response.output_item.added', { ...this.#place(at), item: toWire(item, at) });
  }

  #place(at = this.#items.length - 1) {
    return { output_index: at, item_id: `item_${at}` };
  }

  #event(type: string, fields: object): string {
    const event = { ...fields, type, sequence_number: this.#sequence++ };
    return `event: ${type}\ndata: ${JSON.stringify(event)}\n\n`;
  }
}

interface MessageItem {
  readonly type: 'message';
  readonly content: [{ text: string }];
}

interface CallItem {
  readonly type: 'function_call';
  readonly call_id: string | null | undefined;
  readonly name: string | null | undefined;
  arguments: string;
}

type Item = MessageItem | CallItem;

function toWire(item: Item, at: number): object {
  const id = `item_${at}`;
  if (item.type === 'function_call') return { id, ...item };
  const content = item.content.map(({ text }) => ({ type: 'output_text', text, annotations: [] }));
  return { id, type: 'message', role: 'assistant', content };
}

function toMessage(item: InputItem): ScriptedMessage[] {
  const { type = 'message', role = '', content = '', call_id = '', name = '', output = '' } = item;
  if (type === 'message') return [{ role, content }];
  if (type === 'function_call_output') return [{ role: 'tool', content: output, tool_call_id: call_id }];
  if (type !== 'function_call') return [];
  const called = { name, arguments: item.arguments ?? '' };
  return [{ role: 'assistant', content: '', tool_calls: [{ id: call_id, function: called }] }];
}
