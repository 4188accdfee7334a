import {
  type FinishOptions,
  type ScriptedCallBody,
  type ScriptedToolPiece,
  type ScriptedWire,
  usageOf,
} from './scripted-wire.ts';

/** Chat Completions. */
export class ChatWire implements ScriptedWire {
  readonly body: ScriptedCallBody;

  constructor(body: ScriptedCallBody) {
    this.body = body;
  }

  text(content: string): string {
    return this.#choice({ content });
  }

  toolCall(piece: ScriptedToolPiece): string {
    return this.#choice({ tool_calls: [piece] });
  }

  finish({ reason = 'stop', usage = usageOf(this.body) }: FinishOptions): string {
    const includedUsage = usage && this.body.stream_options?.include_usage;
    return [
      this.#choice({}, reason),
      includedUsage ? this.chunk({ choices: [], usage }) : '',
      'data: [DONE]\n\n',
    ].join('');
  }

  error(error: object): string {
    return this.chunk({ error });
  }

  /** Any chunk; the common fields of all chunks are added. */
  chunk(fields: object): string {
    const chunk = {
      ...{ id: 'chatcmpl-scripted', object: 'chat.completion.chunk', created: 1 },
      model: this.body.model,
    };
    return `data: ${JSON.stringify({ ...chunk, ...fields })}\n\n`;
  }

  #choice(delta: object, reason: string | null = null): string {
    return this.chunk({ choices: [{ index: 0, delta, finish_reason: reason }] });
  }
}
