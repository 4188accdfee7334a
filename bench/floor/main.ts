import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { answerQuestions } from '../lab/answer-questions.ts';
import { cpuAnswers } from '../lab/cpu-answers.ts';
import { listen } from '../lab/listen.ts';
import { memoryAnswers } from '../lab/memory-answers.ts';
import { createChat, type Floor, listChats, listMessages, sendMessage } from './answers.ts';
import { openCollections } from './collections.ts';
import { showAnswer } from './show-answer.ts';

/*
 * The floor: node:http and the MongoDB driver, doing the input and output that the same operations cannot do
 * without, with the same durability, and nothing else. It validates, logs, limits, recovers nothing: what the
 * server takes beyond the floor is what all of that costs.
 */

const [mongodbUri = '', modelUrl = '', team = '', agent = '', key = ''] = process.argv.slice(2);
const MESSAGES = /^\/chat\/(\w+)\/message$/;
const CHATS_OF_USER = '/chat?userId=';

const url = start();
answerQuestions({ ...cpuAnswers, ...memoryAnswers, url: () => url });

async function start(): Promise<string> {
  const floor: Floor = { collections: await openCollections(mongodbUri), modelUrl, team, agent };
  const server = createServer((request, response) => {
    if (request.headers['x-api-key'] !== key) return send(response, 401, { error: 'Unauthorized' });
    answer(floor, request, response).then(
      (body) => {
        // A streamed answer has been shown already.
        if (response.headersSent) return;
        if (body) send(response, 200, body);
        else send(response, 404, { error: 'Not Found' });
      },
      (error: unknown) => {
        if (response.headersSent) response.destroy();
        else send(response, 500, { error: String(error) });
      },
    );
  });
  return listen(server);
}

/** Undefined: there is no such thing. */
async function answer(
  floor: Floor,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<object | undefined> {
  const { method, url: path = '', headers } = request;
  const chat = MESSAGES.exec(path)?.[1];
  if (method === 'POST') {
    const body = JSON.parse(await readBody(request));
    if (chat === undefined) return createChat(floor, body);
    const isStreamed = headers.accept === 'text/event-stream';
    return sendMessage(floor, chat, body, isStreamed ? showAnswer(response) : undefined);
  }
  if (chat !== undefined) return listMessages(floor, chat);
  return path.startsWith(CHATS_OF_USER) ? listChats(floor, path.slice(CHATS_OF_USER.length)) : undefined;
}

function readBody(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => resolve(Buffer.concat(parts).toString()));
    request.on('error', reject);
  });
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
