import { Agent, type IncomingMessage, request } from 'node:http';

export interface ModelAnswer {
  readonly text: string;
  readonly finishReason: string | undefined;
  readonly model: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

interface Chunk {
  readonly model: string;
  readonly choices: readonly {
    readonly delta: { readonly content?: string };
    readonly finish_reason?: string | null;
  }[];
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number } | null;
}

const agent = new Agent({ keepAlive: true });

/** Takes each piece of an answer as it comes. */
export type OnPiece = (piece: string) => void;

/** Calls the model, streaming, and parses each piece, as every server that streams answers must. */
export function askModel(
  url: string,
  messages: readonly { readonly role: string; readonly content: string }[],
  onPiece: OnPiece | undefined,
): Promise<ModelAnswer> {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify({
      model: 'scripted',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const headers = {
      authorization: 'Bearer bench',
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    const sent = request(url, { method: 'POST', headers, agent }, (response) => {
      readAnswer(response, onPiece, resolve, reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function readAnswer(
  response: IncomingMessage,
  onPiece: OnPiece | undefined,
  resolve: (answer: ModelAnswer) => void,
  reject: (error: Error) => void,
): void {
  let rest = '';
  let text = '';
  let finishReason: string | undefined;
  let last: Chunk | undefined;
  response.setEncoding('utf8');
  response.on('data', (part: string) => {
    const events = (rest + part).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) {
      const data = event.slice('data: '.length);
      if (data === '[DONE]') continue;
      last = JSON.parse(data) as Chunk;
      const piece = last.choices[0]?.delta.content ?? '';
      finishReason ??= last.choices[0]?.finish_reason ?? undefined;
      text += piece;
      if (piece !== '') onPiece?.(piece);
    }
  });
  response.on('error', reject);
  response.on('end', () => {
    if (!last?.usage) return reject(new Error('the model did not finish'));
    const { prompt_tokens: inputTokens, completion_tokens: outputTokens } = last.usage;
    resolve({ text, finishReason, model: last.model, inputTokens, outputTokens });
  });
}
