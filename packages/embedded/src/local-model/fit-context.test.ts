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

test('a conversation that fits stays as it is', async () => {
  const messages = [SYSTEM, ...conversation(19)];
  expect((await fit(messages)).fitted).toEqual(messages);
});

test('of one too long, the system prompt and the newest messages stay, as many as fit', async () => {
  const { fitted } = await fit([SYSTEM, ...conversation(41)]);
  expect(fitted[0]).toBe(SYSTEM);
  expect(fitted.slice(1)).toEqual(conversation(41).slice(-17));
});

test('without a system prompt, the first message has no privilege', async () => {
  const { fitted } = await fit(conversation(41));
  expect(fitted).toEqual(conversation(41).slice(-17));
});

test('the cut stays where it is while the conversation grows by a few messages', async () => {
  const cuts = await Promise.all(
    [37, 38, 39, 40].map(async (length) => length - (await fit(conversation(length))).fitted.length),
  );
  expect(new Set(cuts).size).toBe(1);
});

test('a very long conversation is cut in a few rounds', async () => {
  const { fitted, rounds } = await fit(conversation(10_000));
  expect(fitted.length).toBeGreaterThan(14);
  expect(rounds).toBeLessThan(5);
});

test('the last message stays, however long it is: rejecting it is up to the engine', async () => {
  const messages = [SYSTEM, ...conversation(9)];
  const { fitted } = await fit(messages, 5);
  expect(fitted).toEqual([SYSTEM, messages.at(-1)]);
});

test('messages the engine cannot count go to it as they are', async () => {
  const messages = [null, { role: 7 }, ...conversation(50)];
  expect(await fitContext(messages, { tokensMax: 10, countTokens: async () => undefined })).toEqual(messages);
});
