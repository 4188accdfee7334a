import { createGate, type ScriptedTool, scripts, startScriptedTool } from '@parley/agent/testing';
import type { Answer, Message } from '@parley/contract';
import { afterAll, describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

/* A server that calls its model over the Responses API. */

const { makeTeam, model, log } = await startHarness({
  api: 'responses',
  toolAddresses: { arePrivateAllowed: true },
});
const tool: ScriptedTool = await startScriptedTool();
afterAll(() => tool.stop());
const team = await makeTeam({
  systemPrompt: 'Be kind.',
  tools: [
    {
      name: 'weather',
      description: 'Tells the weather of a city.',
      parameters: { type: 'object', properties: { city: { type: 'string' } } },
      url: tool.url,
    },
  ],
});

describe('a chat over the Responses API', () => {
  test('the model gets the history and the results of the tools', async () => {
    const { id } = await team.makeChat();
    expect((await team.send(id, 'hello')).body.content).toBe('You said: hello');
    model.reply(
      scripts.toolCalls([{ name: 'weather', arguments: { city: 'Rome' }, id: 'call_a' }], 'I look.'),
      scripts.echoResults(),
    );
    const { status, body } = await team.send(id, 'how is it in Rome?');
    expect([status, body.content, body.finishReason]).toEqual([
      200,
      'I look.\n\nResults: {"ok":true}',
      'stop',
    ]);
    const { path, sent } = await model.callTo('how is it in Rome?');
    expect(path).toBe('/v1/responses');
    expect(sent).toMatchObject({
      store: false,
      input: [
        { role: 'system', content: 'Be kind.' },
        { role: 'user', content: 'hello' },
        { role: 'assistant', content: 'You said: hello' },
        { role: 'user', content: 'how is it in Rome?' },
        { role: 'assistant', content: 'I look.' },
        { type: 'function_call', call_id: 'call_a', name: 'weather', arguments: '{"city":"Rome"}' },
        { type: 'function_call_output', call_id: 'call_a', output: '{"ok":true}' },
      ],
    });
  });

  test('a cancelled answer keeps its text and ends the model’s call', async () => {
    const { id } = await team.makeChat();
    const gate = createGate();
    model.reply(async (call) => {
      call.text('so far');
      await gate.released;
    });
    const stream = await team.stream(id, 'cancelled');
    const parts = (await stream.until(({ data }) => data.includes('so far'))).map(({ data }) =>
      JSON.parse(data),
    );
    const { messageId } = parts.find(({ type }) => type === 'start');
    const call = await model.callTo('cancelled');
    await team.rest('POST', `/chat/${id}/message/${messageId}/cancel`);
    await call.aborted;
    gate.release();
    const listed = await team.rest<{ messages: Message[] }>('GET', `/chat/${id}/message`);
    expect(listed.body.messages.at(-1)).toMatchObject({ content: 'so far', status: 'stopped' });
  });

  test('an error of the server is returned as its code and logged with the server’s message', async () => {
    const { id } = await team.makeChat();
    model.reply(scripts.status(401, { message: 'no such key' }));
    const { status, apiError } = await team.send(id, 'fails');
    expect([status, apiError.code]).toEqual([502, 'model_key_refused']);
    expect(await log.find(({ msg }) => msg === 'turn failed')).toMatchObject({
      ...{ code: 'model_key_refused', status: 401, providerMessage: 'no such key', level: 'error' },
    });
    const again = await team.rest<Answer>('POST', `/chat/${id}/message/${apiError.messageId}/retry`);
    expect(again.body.content).toBe('You said: fails');
  });
});
