import createClient from 'openapi-fetch';
import type { components, paths } from './parley.ts';

const { PARLEY_URL = 'http://127.0.0.1:3000', PARLEY_KEY = '', PARLEY_AGENT = '' } = process.env;
const parley = createClient<paths, 'application/json'>({
  baseUrl: PARLEY_URL,
  headers: { 'x-api-key': PARLEY_KEY },
});

interface Outcome<Data> {
  data?: Data;
  error?: components['schemas']['ApiError'];
}

/** The answer of a call; a rejection is thrown with its code. */
function answered<Data>({ data, error }: Outcome<Data>): Data {
  if (error) throw new Error(`${error.message} (${error.code})`);
  return data as Data;
}

const body = { agentId: PARLEY_AGENT, userId: 'user_42', metadata: { from: 'openapi-fetch' } };
const chat = answered(await parley.POST('/chat', { body }));
const path = { chatId: chat.id };

const answer = answered(
  await parley.POST('/chat/{chatId}/message', {
    params: { path, header: { 'Idempotency-Key': crypto.randomUUID() } },
    body: { content: 'What can you do?', role: 'user' },
  }),
);
console.log(`${answer.status}: ${answer.content}`);

const { messages } = answered(await parley.GET('/chat/{chatId}/message', { params: { path } }));
console.log(messages.map(({ role }) => role).join(', '));

const query = { userId: 'user_42', limit: 10 };
const { chats } = answered(await parley.GET('/chat', { params: { query } }));
console.log(`listed: ${chats.some(({ id }) => id === chat.id)}`);

const whole = answered(await parley.GET('/chat/{chatId}', { params: { path } }));
console.log(`${whole.title}: ${whole.messages.length} messages`);

answered(await parley.DELETE('/chat/{chatId}', { params: { path } }));
const { error } = await parley.GET('/chat/{chatId}', { params: { path } });
console.log(`deleted: ${error?.code}`);
