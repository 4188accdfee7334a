import { limits } from '@parley/contract';
import fastify from 'fastify';
import { expect, test } from 'vitest';
import { largeListTaker, sendLargeAnswers } from './large-answers.ts';

test('the event loop does other work between the pieces of a largest list that is sent', async () => {
  const app = fastify();
  sendLargeAnswers(app);
  const items = Array.from({ length: 4_096 }, (_, id) => ({ id, text: 'x'.repeat(4_096) }));
  app.get('/list', (request, reply) => {
    const list = [...items];
    const texts = list.map((item) => JSON.stringify(item));
    largeListTaker(request, reply)(list, texts);
    return reply.send({ items: list });
  });
  let turns = 0;
  let isDone = false;
  const count = () => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  await app.ready();
  // An injected request takes every piece at once: only the server itself can yield between them.
  const answered = app.inject('/list');
  setImmediate(count);
  const { body } = await answered;
  isDone = true;
  expect(body.length).toBeGreaterThan(limits.largeAnswerBytesMax);
  expect(JSON.parse(body)).toEqual({ items });
  expect(turns).toBeGreaterThanOrEqual(100);
  await app.close();
});
