import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { answerQuestions } from './lab/answer-questions.ts';
import { listen } from './lab/listen.ts';
import { answerTo, piecesOf, type ScriptedMessage } from './script.ts';

/*
 * The scripted model: as much of an OpenAI-compatible server as a streamed answer needs. Each piece is
 * written in a turn of the event loop of its own, so that pieces arrive as pieces.
 */

interface Asked {
  readonly messages: readonly ScriptedMessage[];
}

const HEAD = {
  id: 'chatcmpl-bench',
  object: 'chat.completion.chunk',
  created: 1_750_000_000,
  model: 'scripted',
};

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => answer(request, response, Buffer.concat(parts).toString()));
});
const url = listen(server);
answerQuestions({ url: async () => `${await url}/v1` });

function answer({ method, url }: IncomingMessage, response: ServerResponse, body: string): void {
  if (method !== 'POST' || url !== '/v1/chat/completions') {
    response.writeHead(404).end();
    return;
  }
  const { messages } = JSON.parse(body) as Asked;
  const text = answerTo(messages);
  const events = [
    choice({ role: 'assistant', content: '' }, null),
    ...piecesOf(text).map((content) => choice({ content }, null)),
    choice({}, 'stop'),
    event({ choices: [], usage: { prompt_tokens: 400, completion_tokens: 20, total_tokens: 420 } }),
    'data: [DONE]\n\n',
  ];
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  send(response, events, 0);
}

function send(response: ServerResponse, events: readonly string[], index: number): void {
  response.write(events[index]);
  if (index + 1 < events.length) setImmediate(send, response, events, index + 1);
  else response.end();
}

function choice(delta: object, finishReason: string | null): string {
  return event({ choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }], usage: null });
}

function event(rest: object): string {
  return `data: ${JSON.stringify({ ...HEAD, ...rest })}\n\n`;
}
