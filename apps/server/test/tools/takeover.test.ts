import { type ScriptedTool, scripts, startScriptedTool } from '@parley/agent/testing';
import { answerIdOf, mintId, type ToolStep } from '@parley/contract';
import { inScope } from '@parley/db/testing';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

/* A server died during tool calls. The server that takes the turn over repeats no finished call. */

const { makeTeam, mongo, model } = await startHarness({
  bounds: { leaseMs: 600, tickMs: 20 },
  toolAddresses: { arePrivateAllowed: true },
});
let tool: ScriptedTool = await startScriptedTool();
afterAll(() => tool.stop());
beforeEach(async () => {
  await tool.stop();
  tool = await startScriptedTool();
});

/** A turn whose server died after it had stored these steps. Returns the turn after its end. */
async function afterDeathWith(steps: readonly ToolStep[]) {
  const team = await makeTeam({
    tools: [{ name: 'book', description: 'Books.', parameters: { type: 'object' }, url: tool.url }],
  });
  const chat = await team.makeChat();
  const id = mintId('turn');
  const createdAt = new Date();
  const userMessage = { id: mintId('message'), role: 'user', content: 'book it', createdAt } as const;
  const { turns } = mongo.database.stores;
  const calls = model.calls().length;
  const lease = { token: 'of the dead', attempt: 1, renewals: 7 };
  const turn = { id, chat: chat.id, sequence: 1, question: { userMessage }, answerId: answerIdOf(id) };
  await turns.insert(inScope({ team: team.id }, chat.id), { ...turn, lease, createdAt });
  expect(await turns.saveToolSteps({ team: team.id }, id, 'of the dead', steps)).toBe('stored');
  const stream = await team.resume({ chatId: chat.id, messageId: answerIdOf(id) });
  const events = await stream.rest();
  const { content } = await team.trpc.message.list
    .query({ chatId: chat.id })
    .then(({ messages }) => messages.find(({ role }) => role === 'assistant') ?? { content: undefined });
  return { id, content, events, asked: model.calls().slice(calls) };
}

const booking = { id: 'call_1', name: 'book', arguments: '{"seat":7}' };

test('a tool call with a stored result is not repeated, and the model continues from it', async () => {
  model.reply(scripts.echoResults());
  const { content, asked } = await afterDeathWith([
    { text: 'I book. ', calls: [{ ...booking, result: 'seat 7' }] },
  ]);
  expect(content).toBe('I book. Results: seat 7');
  expect(tool.calls()).toEqual([]);
  expect(asked).toHaveLength(1);
  expect(asked[0]?.body.messages.slice(-2)).toMatchObject([
    { role: 'assistant', content: 'I book.', tool_calls: [{ id: 'call_1' }] },
    { role: 'tool', tool_call_id: 'call_1', content: 'seat 7' },
  ]);
});

test('the server that takes a turn over sends the model’s opaque data of a step back', async () => {
  model.reply(scripts.echoResults());
  const signature = { extra_content: { google: { thought_signature: 'c2lnbmF0dXJl' } } };
  const reasoning = { reasoning_content: 'I should book.' };
  const call = { ...booking, result: 'seat 7', opaque: JSON.stringify(signature) };
  const { asked } = await afterDeathWith([{ text: '', calls: [call], opaque: JSON.stringify(reasoning) }]);
  expect(asked[0]?.body.messages.at(-2)).toMatchObject({ ...reasoning, tool_calls: [signature] });
});

test('a tool call without a stored result is repeated with the same key before the model is called', async () => {
  tool.answer((response) => void response.end('seat 7, once'));
  model.reply(scripts.echoResults());
  const { id, content, asked, events } = await afterDeathWith([
    { text: 'I look. ', calls: [{ ...booking, result: 'free' }] },
    { text: 'I book. ', calls: [booking] },
  ]);
  expect(content).toBe('I look. I book. Results: free | seat 7, once');
  expect(tool.calls()).toMatchObject([{ body: '{"seat":7}', headers: { 'idempotency-key': `${id}-2-1` } }]);
  expect(asked).toHaveLength(1);
  const shown = events
    .filter(({ data }) => data !== '[DONE]')
    .map(({ data }) => JSON.parse(data))
    .filter(({ type }) => type === 'text-delta')
    .map(({ delta }) => delta);
  expect(shown.join('')).toBe(content);
});
