import { setTimeout as delay } from 'node:timers/promises';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import createClient from 'openapi-fetch';
import type { components, paths } from './parley.ts';

type ChatEvent = components['schemas']['ChatEvent'] | components['schemas']['StreamError'];

const { PARLEY_URL = 'http://127.0.0.1:3000', PARLEY_KEY = '', PARLEY_AGENT = '' } = process.env;
const parley = createClient<paths, 'application/json'>({
  baseUrl: PARLEY_URL,
  headers: { 'x-api-key': PARLEY_KEY },
});

/** Yields what happens in a chat. An interrupted stream continues after the last event. */
async function* eventsOf(chatId: string): AsyncGenerator<ChatEvent> {
  const query: { parts: string; lastEventId?: string } = { parts: 'true' };
  const open = () =>
    parley.GET('/chat/{chatId}/events', { params: { path: { chatId }, query }, parseAs: 'stream' });
  for (;;) {
    try {
      const { error, response } = await open();
      if (error && response.status < 500) throw new Error(`${error.message} (${error.code})`);
      const texts = response.body?.pipeThrough(new TextDecoderStream());
      for await (const { id, data } of texts?.pipeThrough(new EventSourceParserStream()) ?? []) {
        if (id) query.lastEventId = id;
        yield JSON.parse(data) as ChatEvent;
      }
    } catch (error) {
      // The connection broke; anything else ends the reading.
      if (!(error instanceof TypeError)) throw error;
    }
    await delay(1_000);
  }
}

const { data: chat } = await parley.POST('/chat', { body: { agentId: PARLEY_AGENT } });
if (!chat) throw new Error('The chat was not created.');
const path = { chatId: chat.id };

for await (const event of eventsOf(chat.id)) {
  if (event.type === 'chat-followed') {
    const send = () =>
      parley.POST('/chat/{chatId}/message', {
        params: { path, header: { 'Idempotency-Key': 'first' } },
        body: { content: 'Where is my order?', role: 'user', wait: false },
      });
    // The second attempt has the same key, so the message is accepted once.
    await send().catch(send);
  }
  if (event.type === 'message-accepted') console.log(`user: ${event.message?.content}`);
  if (event.type === 'answer-part' && event.event.type === 'tool-input-available')
    console.log(`${event.event.title}…`);
  if (event.type === 'answer-delta') process.stdout.write(event.text);
  if (event.type === 'answer-snapshot') console.log(`\nThe answer again: ${event.text}`);
  if (event.type === 'answer-ended') {
    console.log(` (${event.status})`);
    const answer = { path: { ...path, messageId: event.messageId } };
    const body = { rating: 'up', comment: 'Short and right.' } as const;
    await parley.PUT('/chat/{chatId}/message/{messageId}/feedback', { params: answer, body });
    break;
  }
}

const { data: list } = await parley.GET('/chat/{chatId}/message', { params: { path } });
console.log(`rated: ${list?.messages.at(-1)?.feedback?.rating}`);
