import { readFileSync } from 'node:fs';
import { type ModelScript, scripts, startScriptedTool } from '@parley/agent/testing';
import type { FullAgent, MessageList } from '@parley/contract';
import { afterAll, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { followChat } from '../support/follow-chat.ts';

/* The examples of "Parts that callers see" in docs/agents-and-tools.md are what the server sends. */

const { makeTeam, model, url } = await startHarness({ toolAddresses: { arePrivateAllowed: true } });
const team = await makeTeam();
const tool = await startScriptedTool();
afterAll(() => tool.stop());
tool.answer((response) => void response.end('{"sky":"blue"}'));

const page = readFileSync(new URL('../../../../docs/agents-and-tools.md', import.meta.url), 'utf8');
const section = page.slice(page.indexOf('## Parts that callers see'), page.indexOf('## Headers'));
const [agentExample, listExample, streamExample, eventsExample] = [
  ...section.matchAll(/^```(?:json|text)\n(.*?)\n^```$/gms),
].map(([, text = '']) => text) as [string, string, string, string];

const settings = JSON.parse(agentExample) as { tools: [object] };
const { body: agent } = await team.rest<FullAgent>('POST', '/agent', {
  body: { ...settings, tools: [{ ...settings.tools[0], url: tool.url }] },
});

const answering = () => {
  const thinking: ModelScript = (call) => {
    const reasoning = 'The user asks for the sky of today.';
    call.chunk({ choices: [{ index: 0, delta: { reasoning_content: reasoning } }] });
    return scripts.toolCalls([{ name: 'weather', arguments: { city: 'Ulm' } }], 'I look. ')(call);
  };
  model.reply(thinking, scripts.text('It is blue.'));
};

/** Replaces the values that differ each time, as the page does. */
const asDocumented = (data: string) =>
  data
    .replaceAll(/\b(chat|msg)_[0-9a-z]{28}\b/g, '$1_…')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '2026-…')
    .replaceAll(/"durationMs":\d+/g, '"durationMs":312');

test('the documented parts of a list and of a stream are those of the documented agent', async () => {
  const { id } = await team.makeChat({ agentId: agent.id });
  answering();
  const events = await (await team.stream(id, 'How is the sky in Ulm?')).rest();
  expect(events.map(({ data }) => `data: ${asDocumented(data)}`).join('\n')).toBe(streamExample);
  const { body } = await team.rest<MessageList>('GET', `/chat/${id}/message`);
  const { id: _, createdAt, ...answer } = JSON.parse(asDocumented(JSON.stringify(body.messages[1])));
  expect(createdAt).toBe('2026-…');
  expect(answer).toEqual(JSON.parse(listExample));
});

test('the documented events of a chat are those of the documented agent', async () => {
  const { id } = await team.makeChat({ agentId: agent.id });
  const tab = await followChat('rest', url, team.secretKey, { chatId: id, parts: true });
  await tab.until('chat-followed');
  answering();
  await team.send(id, 'How is the sky in Ulm?');
  await tab.until('answer-ended');
  tab.close();
  const events = tab.events.map(({ event }) => event).filter(({ type }) => type.startsWith('answer-'));
  expect(events.map((event) => `data: ${asDocumented(JSON.stringify(event))}`).join('\n')).toBe(
    eventsExample,
  );
});
