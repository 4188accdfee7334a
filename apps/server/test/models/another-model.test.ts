import { createGate, scripts, startScriptedModel, startScriptedTool } from '@parley/agent/testing';
import { afterAll, describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { answerOf, isPart, partsOf, shownText } from '../support/ui-message-stream.ts';

/*
 * A model that fails after some text was shown: another one begins the answer again, and every reader, on any server,
 * has its text replaced.
 */

const [backup, tool] = await Promise.all([startScriptedModel(), startScriptedTool()]);
afterAll(() => Promise.all([backup.stop(), tool.stop()]));
const { makeTeam, model, mongo, url, startReplica } = await startHarness({
  bounds: { tickMs: 20 },
  // Its first model fails in each test.
  agentBounds: { circuitFailuresMax: 100 },
  providers: new Map([['backup', { baseUrl: backup.baseUrl, apiKey: 'k' }]]),
  toolAddresses: { arePrivateAllowed: true },
});
const replica = await startReplica();
const team = await makeTeam({
  models: [
    { provider: 'default', model: 'm1' },
    { provider: 'backup', model: 'm2' },
  ],
});

/**
 * Begins an answer whose first model fails after half of it, when `breaks` is released; the other model waits for
 * `goes`.
 */
async function begin(content: string) {
  const { id: chatId } = await team.makeChat();
  const [breaks, goes] = [createGate(), createGate()];
  model.replyTo(content, async (call) => {
    call.text('Half of an');
    await breaks.released;
    call.cut();
  });
  backup.replyTo(content, async (call) => {
    call.text('Quite ');
    await goes.released;
    call.text('another.');
    call.finish();
  });
  const stream = await team.stream(chatId, content);
  const events = await stream.until(isPart('text-delta'));
  return { breaks, goes, stream, events, answer: answerOf(events) };
}

const stored = async (chat: string) => await mongo.raw.collection('turns').findOne({ chat });

describe.each([
  ['of the server that runs the answer', url],
  ['of another server', replica.url],
])('an AI SDK stream %s', (where, reader) => {
  test('the stream ends with answer_restarted, and reconnecting shows only the text of the other model', async () => {
    const { breaks, goes, stream, answer } = await begin(`restarted ${where}`);
    const resumed = await team.resume(answer, { url: reader });
    const seen = await resumed.until(isPart('text-delta'));
    expect(shownText(seen)).toBe('Half of an');
    breaks.release();
    expect(partsOf(await resumed.rest()).at(-1)).toMatchObject({ type: 'error' });
    stream.close();
    const again = await team.resume(answer, { url: reader, after: seen.at(-1)?.id });
    const first = await again.until(({ data }) => data.includes('Quite '));
    goes.release();
    expect(shownText([...first, ...(await again.rest())])).toBe('Quite another.');
    const turn = await stored(answer.chatId);
    expect(turn).toMatchObject({
      ...{ status: 'completed', takeovers: 0, lease: { attempt: 2 }, written: { attempt: 2 } },
      usage: [
        { model: 'm1', calls: 1, isEstimated: true },
        { model: 'backup/m2', calls: 1, inputTokens: 1, outputTokens: 1 },
      ],
    });
  });
});

test.each([
  ['of the server that runs the answer', url],
  ['of another server', replica.url],
])('the list %s has the text of the other model', async (where, at) => {
  const { breaks, goes, stream, answer } = await begin(`listed ${where}`);
  breaks.release();
  goes.release();
  stream.close();
  await expect.poll(async () => (await stored(answer.chatId))?.['status']).toBe('completed');
  const response = await fetch(`${at}/chat/${answer.chatId}/message`, {
    headers: { 'x-api-key': team.secretKey },
  });
  expect(await response.json()).toMatchObject({ messages: [{}, { content: 'Quite another.' }] });
});

test('an answer that is cancelled after a fallback keeps the text of the other model', async () => {
  const { breaks, goes, stream, answer } = await begin('cancelled later');
  breaks.release();
  const call = await backup.callTo('cancelled later');
  const resumed = await team.resume(answer);
  await resumed.until(({ data }) => data.includes('Quite '));
  const { body } = await team.rest<{ status: string; content: string }>(
    'POST',
    `/chat/${answer.chatId}/message/${answer.messageId}/cancel`,
  );
  await call.aborted;
  goes.release();
  expect(body).toMatchObject({ status: 'stopped', content: 'Quite ' });
  stream.close();
  resumed.close();
});

test('finished tool calls are not repeated after a fallback, and the text before them stays', async () => {
  const weather = {
    ...{ name: 'weather', description: 'Tells the weather.', url: tool.url },
    parameters: { type: 'object' as const, properties: { city: { type: 'string' as const } } },
  };
  const agent = await team.makeAgent({ models: [...(team.agent.models ?? [])], tools: [weather] });
  const { id } = await team.makeChat({ agentId: agent.id });
  model.reply(
    scripts.toolCalls([{ name: 'weather', arguments: { city: 'Rome' } }], 'I look.'),
    scripts.cutAfter('It is'),
  );
  backup.reply(scripts.echoResults());
  const { body } = await team.send(id, 'with a tool');
  expect(body.content).toBe('I look.\n\nResults: {"ok":true}');
  expect(tool.calls()).toHaveLength(1);
  expect(await stored(id)).toMatchObject({ takeovers: 0, lease: { attempt: 2 } });
});
