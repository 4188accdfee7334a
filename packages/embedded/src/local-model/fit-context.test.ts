import { expect, test } from 'vitest';
import { type ChatMessage, fitContext } from './fit-context.ts';

const SYSTEM = { role: 'system', content: 'Be brief.' };

/** Messages of ten tokens each; the system prompt counts as one. */
function conversation(length: number): ChatMessage[] {
  return Array.from({ length }, (_, index) => ({ role: index % 2 ? 'assistant' : 'user', content: index }));
}

function fit(messages: readonly ChatMessage[], tokensMax = 200) {
  let rounds = 0;
  const countTokens = async (candidate: readonly ChatMessage[]) => {
    rounds++;
    return candidate.length * 10;
  };
  return fitContext(messages, { tokensMax, countTokens }).then((fitted) => ({ fitted, rounds }));
}

test('a conversation that fits is not changed', async () => {
  const messages = [SYSTEM, ...conversation(19)];
  expect((await fit(messages)).fitted).toEqual(messages);
});

test('a long conversation keeps its system prompt and as many of the newest messages as fit', async () => {
  const { fitted } = await fit([SYSTEM, ...conversation(41)]);
  expect(fitted[0]).toBe(SYSTEM);
  expect(fitted.slice(1)).toEqual(conversation(41).slice(-17));
});

test('the first message is removed like others when it is not a system prompt', async () => {
  const { fitted } = await fit(conversation(41));
  expect(fitted).toEqual(conversation(41).slice(-17));
});

test('the cut stays at the same message while the conversation grows by a few messages', async () => {
  const cuts = await Promise.all(
    [37, 38, 39, 40].map(async (length) => length - (await fit(conversation(length))).fitted.length),
  );
  expect(new Set(cuts).size).toBe(1);
});

test('a very long conversation is cut in few rounds', async () => {
  const { fitted, rounds } = await fit(conversation(10_000));
  expect(fitted.length).toBeGreaterThan(14);
  expect(rounds).toBeLessThan(5);
});

test('the last message is kept however long it is, and the engine decides whether to reject it', async () => {
  const messages = [SYSTEM, ...conversation(9)];
  const { fitted } = await fit(messages, 5);
  expect(fitted).toEqual([SYSTEM, messages.at(-1)]);
});

test('messages that the engine cannot count are passed on unchanged', async () => {
  const messages = [null, { role: 7 }, ...conversation(50)];
  expect(await fitContext(messages, { tokensMax: 10, countTokens: async () => undefined })).toEqual(messages);
});
