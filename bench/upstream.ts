import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { answerQuestions } from './lab/answer-questions.ts';
import { listen } from './lab/listen.ts';
import {
  answerTo,
  type Pace,
  PIECES,
  paceOf,
  piecesOf,
  type ScriptedMessage,
  slowTiming,
  statedTime,
  type Timing,
  timing,
} from './script.ts';

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
const BEGIN = choice({ role: 'assistant', content: '' }, null);
const END = [
  choice({}, 'stop'),
  event({ choices: [], usage: { prompt_tokens: 400, completion_tokens: 20, total_tokens: 420 } }),
  'data: [DONE]\n\n',
];

const senders: Readonly<Record<Pace, (response: ServerResponse, text: string, askedAt: number) => void>> = {
  'at-once': (response, text) => send(response, eventsOf(text)),
  timed: (response, text, askedAt) => sendTimed(response, text, askedAt, timing),
  slow: (response, text, askedAt) => sendTimed(response, text, askedAt, slowTiming),
  held: sendHeld,
  hanging: (response, text) => hold(response, () => send(response, eventsOf(text))),
};

const held = new Set<() => void>();

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => answer(request, response, Buffer.concat(parts).toString()));
});
const url = listen(server);
answerQuestions({
  url: async () => `${await url}/v1`,
  release: () => {
    for (const goOn of held) goOn();
    held.clear();
  },
});

function answer({ method, url }: IncomingMessage, response: ServerResponse, body: string): void {
  const askedAt = performance.now();
  if (method !== 'POST' || url !== '/v1/chat/completions') {
    response.writeHead(404).end();
    return;
  }
  const { messages } = JSON.parse(body) as Asked;
  response.setHeader('content-type', 'text/event-stream; charset=utf-8');
  senders[paceOf(messages)](response, answerTo(messages), askedAt);
}

function send(
  response: ServerResponse,
  events: readonly string[],
  whenSent: () => void = () => response.end(),
  index = 0,
): void {
  response.write(events[index]);
  if (index + 1 < events.length) setImmediate(send, response, events, whenSent, index + 1);
  else whenSent();
}

function sendHeld(response: ServerResponse, text: string): void {
  const events = eventsOf(text);
  const half = Math.floor(events.length / 2);
  send(response, events.slice(0, half), () => hold(response, () => send(response, events.slice(half))));
}

/** Waits for the release; a response that nobody waits for any more is dropped. */
function hold(response: ServerResponse, goOn: () => void): void {
  held.add(goOn);
  response.once('close', () => held.delete(goOn));
}

/** Nothing is sent before the first piece, and each piece has its time from the beginning: no delay adds up. */
function sendTimed(response: ServerResponse, text: string, askedAt: number, timing: Timing): void {
  const pieces = piecesOf(text, timing.pieces - 1);
  const sendPiece = (index: number) => {
    response.write(piece(pieces[index] ?? ''));
    wait(index + 1);
  };
  const wait = (index: number) => {
    const dueAt = askedAt + timing.firstMs + (index + 1) * timing.pieceMs;
    if (index === pieces.length) send(response, END);
    else setTimeout(sendPiece, dueAt - performance.now(), index);
  };
  setTimeout(() => {
    response.write(BEGIN);
    response.write(piece(statedTime(performance.now() - askedAt)));
    wait(0);
  }, timing.firstMs);
}

function eventsOf(text: string): string[] {
  return [BEGIN, ...piecesOf(text, PIECES).map(piece), ...END];
}

function piece(content: string): string {
  return choice({ content }, null);
}

function choice(delta: object, finishReason: string | null): string {
  return event({ choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }], usage: null });
}

function event(rest: object): string {
  return `data: ${JSON.stringify({ ...HEAD, ...rest })}\n\n`;
}
