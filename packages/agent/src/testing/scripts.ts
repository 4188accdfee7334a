import type { ScriptedCall } from './scripted-call.ts';
import type { FinishOptions } from './scripted-wire.ts';

/** Answers one call. It may wait for a gate, an event, or the client's disconnection. */
export type ModelScript = (call: ScriptedCall) => void | Promise<void>;

/** The model's answer to a message without a script. */
export function echoOf(message: string): string {
  return `You said: ${message}`;
}

/** Echoes the newest user message, one word per piece. */
export function echo(): ModelScript {
  return (call) => {
    for (const word of echoOf(call.message).match(/\s*\S+\s*/g) ?? []) call.text(word);
    call.finish();
  };
}

/** Sends these pieces, one chunk each, and a normal end. */
export function text(pieces: string | readonly string[], end?: FinishOptions): ModelScript {
  return (call) => {
    for (const piece of typeof pieces === 'string' ? [pieces] : pieces) call.text(piece);
    call.finish(end);
  };
}

/** A tool that the model calls, with its arguments: as they are, or as JSON. */
export interface ScriptedToolCall {
  readonly name: string;
  readonly arguments?: unknown;
  readonly id?: string;
}

/** Some text, if any, and then tool calls, each in pieces like OpenAI's. */
export function toolCalls(calls: readonly ScriptedToolCall[], text = ''): ModelScript {
  return (call) => {
    if (text !== '') call.text(text);
    for (const [index, { name, arguments: given = {}, id = `call_${index}` }] of calls.entries()) {
      const written = typeof given === 'string' ? given : JSON.stringify(given);
      const half = Math.floor(written.length / 2);
      call.toolCall({ index, id, type: 'function', function: { name, arguments: '' } });
      for (const piece of [written.slice(0, half), written.slice(half)]) {
        call.toolCall({ index, function: { arguments: piece } });
      }
    }
    call.finish({ reason: 'tool_calls' });
  };
}

/** The results of the tools as the model received them, oldest step first: `Results: …`. */
export function echoResults(): ModelScript {
  return (call) => {
    const results = call.body.messages.filter(({ role }) => role === 'tool').map(({ content }) => content);
    call.text(`Results: ${results.join(' | ')}`);
    call.finish();
  };
}

/** A rejection of the model's server, in OpenAI's format. */
export function status(
  code: number,
  options: { message?: string; headers?: Record<string, string> } = {},
): ModelScript {
  const { message = 'scripted', headers } = options;
  return (call) =>
    call.status(code, { error: { message, type: 'scripted_error', code: `e${code}` } }, headers);
}

/** Sends these pieces, and then closes the connection. */
export function cutAfter(...pieces: readonly string[]): ModelScript {
  return async (call) => {
    for (const piece of pieces) call.text(piece);
    call.open();
    await call.flushed();
    call.cut();
  };
}

/** Sends these pieces, and then ends the stream normally, but without a finish reason. */
export function unfinishedAfter(...pieces: readonly string[]): ModelScript {
  return (call) => {
    for (const piece of pieces) call.text(piece);
    call.end();
  };
}

/** Sends these pieces, and then a chunk that is not JSON. */
export function brokenChunkAfter(...pieces: readonly string[]): ModelScript {
  return (call) => {
    for (const piece of pieces) call.text(piece);
    call.raw('data: {"choices":[{"delta":{"content":"brok\n\n');
    call.end();
  };
}

/** Sends pieces, and then an error in the stream; `code` is the code of the error. */
export function errorAfter(pieces: readonly string[], code?: number | string): ModelScript {
  return (call) => {
    for (const piece of pieces) call.text(piece);
    call.error({ message: 'scripted', type: 'scripted_error', code });
    call.end();
  };
}

/** A stream of exactly these characters. */
export function raw(stream: string): ModelScript {
  return (call) => {
    call.raw(stream);
    call.end();
  };
}

/** Sends these pieces, and then nothing more. */
export function neverEnding(...pieces: readonly string[]): ModelScript {
  return (call) => {
    call.open();
    for (const piece of pieces) call.text(piece);
  };
}

/** Rejects `stream_options`, as some compatible servers do; echoes without. */
export function rejectingStreamOptions(): ModelScript {
  return (call) =>
    call.body.stream_options
      ? call.status(400, { error: { message: 'Unrecognized request argument supplied: stream_options' } })
      : echo()(call);
}
