import { type ModelScript, scripts, startScriptedTool } from '@parley/agent/testing';
import type { TapePart, ToolStep } from '@parley/contract';
import { afterAll, describe, expect, test } from 'vitest';
import type { AgentEvent, HistoryMessage } from '../src/index.ts';
import { startHarness } from './harness.ts';

/* The parts of an answer that are not text: reasoning, tool calls and their results. */

const tool = await startScriptedTool();
afterAll(() => tool.stop());
const weather = {
  ...{ name: 'weather', description: 'Tells the weather.', url: tool.url },
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
};
const inRome = { name: 'weather', arguments: { city: 'Rome' } };
const open = (bounds = {}) =>
  startHarness(bounds, { contextTokens: 1_000, toolAddresses: { arePrivateAllowed: true } });

const reason = (text: string) => ({ choices: [{ index: 0, delta: { reasoning_content: text } }] });

/** Runs an answer, and returns its events, with the text of neighbors joined. */
const cutAfterReasoning: ModelScript = async (call) => {
  call.chunk(reason('Half a thought'));
  await call.flushed();
  call.cut();
};

function recorder() {
  const events: AgentEvent[] = [];
  const emit = (event: AgentEvent) => {
    const last = events.at(-1);
    if (last && 'text' in last && 'text' in event && last.type === event.type)
      events[events.length - 1] = { ...last, text: last.text + event.text };
    else events.push(event);
  };
  return { events, emit };
}

describe('reasoning', () => {
  test('reasoning is emitted in its place among the text, and is no part of the text', async () => {
    const { model, start } = await open();
    model.reply((call) => {
      call.chunk(reason('Hm. '));
      call.chunk(reason('So\0.'));
      call.text('Yes');
      call.chunk(reason('Sure?'));
      call.text('!');
      call.finish();
    });
    const { events, emit } = recorder();
    expect((await start({ emit, agent: { reasoning: 'show' } }).outcome).text).toBe('Yes!');
    expect(events).toEqual([
      { type: 'reasoning-delta', text: 'Hm. So\uFFFD.', isShown: true },
      { type: 'text-delta', text: 'Yes' },
      { type: 'reasoning-delta', text: 'Sure?', isShown: true },
      { type: 'text-delta', text: '!' },
    ]);
  });

  test('reasoning is hidden unless the agent shows it, and is cut at its own bound while the answer goes on', async () => {
    const { model, start } = await open({ reasoningLengthMax: 5 });
    model.reply((call) => {
      for (const text of ['1234', '\u{1F600}', '5678']) call.chunk(reason(text));
      call.text('Done.');
      call.finish();
    });
    const { events, emit } = recorder();
    await start({ emit }).outcome;
    expect(events).toEqual([
      { type: 'reasoning-delta', text: '1234', isShown: false },
      { type: 'text-delta', text: 'Done.' },
    ]);
  });

  test('a call that fails after shown reasoning is repeated once readers have begun again', async () => {
    const { model, start } = await open();
    model.reply(cutAfterReasoning, scripts.text('Whole.'));
    const log: string[] = [];
    await start({
      agent: { reasoning: 'show' },
      emit: (event) => void ('text' in event && log.push(event.text)),
      restartText: async () => void log.push('(restart)'),
    }).outcome;
    expect(log).toEqual(['Half a thought', '(restart)', 'Whole.']);
  });

  test('a call that fails after hidden reasoning is repeated without a restart', async () => {
    const { model, start } = await open();
    model.reply(cutAfterReasoning, scripts.text('Whole.'));
    const restartText = () => Promise.reject(new Error('nothing was shown'));
    expect((await start({ restartText }).outcome).text).toBe('Whole.');
  });
});

describe('tool calls', () => {
  test('a call is emitted after it is stored, and its result after that is stored', async () => {
    tool.answer((response) => void response.end('sunny'));
    const { model, start } = await open();
    model.reply(scripts.toolCalls([inRome], 'I look.'), scripts.echoResults());
    const order: unknown[] = [];
    const agent = { tools: [{ ...weather, title: 'The weather', show: 'everything' as const }] };
    await start({
      agent,
      emit: (event) => void order.push(event.type),
      saveToolSteps: async () => void order.push('stored'),
    }).outcome;
    expect(order).toEqual(['text-delta', 'stored', 'tool-call', 'stored', 'tool-result', 'text-delta']);
  });

  test('a call and its result have the same id, the tool’s title and what is shown of it, and a failure is marked', async () => {
    tool.answer((response) => void response.writeHead(500).end());
    const { model, start } = await open();
    model.reply(scripts.toolCalls([inRome, { name: 'nothing' }]), scripts.text('Sorry.'));
    const { events, emit } = recorder();
    const agent = { tools: [{ ...weather, title: 'The weather', show: 'everything' as const }] };
    await start({ agent, emit }).outcome;
    const parts = events.filter(({ type }) => type.startsWith('tool'));
    const known = { id: 'call00100', name: 'weather', title: 'The weather', show: 'everything' };
    const unknown = { id: 'call00101', name: 'nothing', show: 'activity' };
    const failure = { result: expect.any(String), isError: true, ms: expect.any(Number) };
    expect(parts).toEqual([
      { type: 'tool-call', ...known, arguments: '{"city":"Rome"}' },
      { type: 'tool-call', ...unknown, arguments: '{}' },
      { type: 'tool-result', ...known, ...failure },
      { type: 'tool-result', ...unknown, ...failure },
    ]);
  });

  test('the steps of an earlier run are emitted again with all their parts, and each call once', async () => {
    tool.answer((response) => void response.end('rain'));
    const { model, start } = await open();
    model.reply(scripts.text('So.'));
    const call = { id: 'x', name: 'weather', arguments: '{}' };
    const steps: ToolStep[] = [
      { text: 'I look.', reasoning: 'Hm.', calls: [{ ...call, result: 'sun', ms: 7 }] },
      { text: ' And there.', calls: [call] },
    ];
    const { events, emit } = recorder();
    await start({ agent: { tools: [weather] }, steps, emit }).outcome;
    expect(events.map((event) => [event.type, 'id' in event ? event.id : event.text])).toEqual([
      ['reasoning-delta', 'Hm.'],
      ['text-delta', 'I look.'],
      ['tool-call', 'call00100'],
      ['tool-result', 'call00100'],
      ['text-delta', ' And there.'],
      ['tool-call', 'call00200'],
      ['tool-result', 'call00200'],
      ['text-delta', '\n\nSo.'],
    ]);
    expect(events[3]).toMatchObject({ result: 'sun', ms: 7 });
  });
});

describe('sources', () => {
  const cited = (...urls: readonly string[]) => ({
    choices: [
      {
        index: 0,
        delta: {
          annotations: urls.map((url) => ({
            type: 'url_citation',
            url_citation: { url, title: `Title of ${url}`, start_index: 0, end_index: 3 },
          })),
        },
      },
    ],
  });
  const urlsOf = (events: readonly AgentEvent[]) =>
    events.flatMap((event) => (event.type === 'source' ? [event.url] : []));

  test('sources are emitted once each, when the text that they belong to is complete', async () => {
    const { model, start } = await open();
    model.reply((call) => {
      call.text('Sunny');
      call.chunk(cited('https://a.example/x'));
      call.text(' today.');
      call.chunk(cited('https://a.example/x', 'http://b.example'));
      call.finish();
    });
    const { events, emit } = recorder();
    expect((await start({ emit }).outcome).text).toBe('Sunny today.');
    expect(events).toEqual([
      { type: 'text-delta', text: 'Sunny today.' },
      { type: 'source', id: 'source1', url: 'https://a.example/x', title: 'Title of https://a.example/x' },
      { type: 'source', id: 'source2', url: 'http://b.example/', title: 'Title of http://b.example' },
    ]);
  });

  test('an annotation that names no page of the web is left out, and long titles and lists are cut', async () => {
    const { model, start } = await open({ sourcesMax: 2 });
    const broken = [null, 7, { type: 'url_citation' }, { type: 'url_citation', url_citation: { url: 7 } }];
    const flat = { type: 'url_citation', url: 'https://flat.example', title: `\0${'\u{1F600}'.repeat(300)}` };
    model.reply((call) => {
      call.text('Yes.');
      call.chunk({
        choices: [{ index: 0, delta: { annotations: [...broken, { type: 'file', url: 'https://c' }] } }],
      });
      call.chunk({ choices: [{ index: 0, delta: { annotations: 'https://c.example' } }] });
      call.chunk(cited('javascript:alert(1)', 'nonsense', `https://d.example/${'x'.repeat(2_100)}`));
      call.chunk({ choices: [{ index: 0, delta: { annotations: [flat] } }] });
      call.chunk(cited('https://e.example'));
      call.chunk(cited('https://f.example'));
      call.finish();
    });
    const { events, emit } = recorder();
    await start({ emit }).outcome;
    expect(urlsOf(events)).toEqual(['https://flat.example/', 'https://e.example/']);
    const [title = ''] = events.flatMap((event) => (event.type === 'source' ? [event.title] : []));
    expect([title.length, title.isWellFormed(), title.startsWith('\uFFFD')]).toEqual([299, true, true]);
  });

  test('the sources of a step come before its calls, are stored with it, and are emitted again by another run', async () => {
    tool.answer((response) => void response.end('sun'));
    const { model, start } = await open();
    model.reply(
      (call) => {
        call.text('I look.');
        call.chunk(cited('https://a.example/'));
        call.toolCall({
          index: 0,
          id: 'x',
          type: 'function',
          function: { name: 'weather', arguments: '{}' },
        });
        call.finish({ reason: 'tool_calls' });
      },
      (call) => {
        call.text('Sun.');
        call.chunk(cited('https://a.example/', 'https://b.example/'));
        call.finish();
      },
    );
    const first = recorder();
    let steps: readonly ToolStep[] = [];
    const saveToolSteps = async (saved: readonly ToolStep[]) => {
      steps = saved;
    };
    const agent = { tools: [weather] };
    await start({ agent, emit: first.emit, saveToolSteps }).outcome;
    expect(first.events.map(({ type }) => type)).toEqual([
      ...['text-delta', 'source', 'tool-call', 'tool-result', 'text-delta', 'source'],
    ]);
    expect(urlsOf(first.events)).toEqual(['https://a.example/', 'https://b.example/']);
    expect(steps).toMatchObject([{ sources: [{ url: 'https://a.example/' }] }]);
    model.reply(scripts.text('Sun.'));
    const second = recorder();
    await start({ agent, emit: second.emit, steps }).outcome;
    const known = ({ type }: AgentEvent) => type !== 'tool-result';
    expect(second.events.filter(known)).toEqual(first.events.slice(0, -1).filter(known));
  });

  test('the sources of a failed call are not those of the next one', async () => {
    const { model, start } = await open();
    model.reply((call) => {
      call.chunk(cited('https://wrong.example/'));
      call.cut();
    }, scripts.text('Whole.'));
    const { events, emit } = recorder();
    await start({ emit }).outcome;
    expect(events).toEqual([{ type: 'text-delta', text: 'Whole.' }]);
  });

  test('the Responses API reports a source while the text is written and with the complete text, and it counts once', async () => {
    const model = await startHarness({}, {}, 'responses');
    const annotation = { type: 'url_citation', url: 'https://a.example/', title: 'A' };
    const later = { type: 'url_citation', url: 'https://b.example/', title: 'B' };
    const text = { type: 'output_text', text: 'Sunny.', annotations: [annotation, later, null] };
    const item = { type: 'message', id: 'msg_0', role: 'assistant', content: [text] };
    const wire = [
      { type: 'response.output_text.delta', output_index: 0, item_id: 'msg_0', delta: 'Sunny.' },
      { type: 'response.output_text.annotation.added', output_index: 0, item_id: 'msg_0', annotation },
      { type: 'response.output_item.done', output_index: 0, item },
      { type: 'response.completed', response: { model: 'm-1', output: [item] } },
    ];
    const sent = wire.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    model.model.reply(scripts.raw(sent.join('')));
    const { events, emit } = recorder();
    await model.start({ emit }).outcome;
    expect(events).toEqual([
      { type: 'text-delta', text: 'Sunny.' },
      { type: 'source', id: 'source1', url: 'https://a.example/', title: 'A' },
      { type: 'source', id: 'source2', url: 'https://b.example/', title: 'B' },
    ]);
  });
});

describe('the tool calls of earlier answers', () => {
  const show = 'activity' as const;
  const answerOf = (city: string, result: string): HistoryMessage => ({
    ...{ role: 'assistant', content: `I look.It is ${city}.` },
    parts: [
      { type: 'text', text: 'I look.' },
      { type: 'tool-call', id: 'a', name: 'weather', arguments: `{"city":"${city}"}`, show },
      { type: 'tool-call', id: 'b', name: 'weather', arguments: '{}', show },
      { type: 'tool-result', id: 'a', name: 'weather', result, show },
      { type: 'text', text: `It is ${city}.` },
    ] satisfies TapePart[],
  });
  const messages = (...results: readonly [string, string]): HistoryMessage[] => [
    { role: 'user', content: 'Rome?' },
    answerOf('Rome', results[0]),
    { role: 'user', content: 'Oslo?' },
    answerOf('Oslo', results[1]),
    { role: 'user', content: 'Now?' },
  ];

  test('the model gets them again with their results, in their place, without calls that got none', async () => {
    const { model, start } = await open();
    await start({ agent: { tools: [weather] }, messages: messages('sun', 'rain') }).outcome;
    const [asked] = model.calls();
    const calls = asked?.body.messages.map(({ role, content, tool_calls, tool_call_id }) => [
      role,
      content || tool_calls?.map(({ id }) => id).join(),
      tool_calls?.map(({ id, function: called }) => `${id} ${called.arguments}`).join() ?? tool_call_id,
    ]);
    expect(calls).toEqual([
      ['user', 'Rome?', undefined],
      ['assistant', 'I look.', 'past00001 {"city":"Rome"}'],
      ['tool', 'sun', 'past00001'],
      ['assistant', 'It is Rome.', undefined],
      ['user', 'Oslo?', undefined],
      ['assistant', 'I look.', 'past00002 {"city":"Oslo"}'],
      ['tool', 'rain', 'past00002'],
      ['assistant', 'It is Oslo.', undefined],
      ['user', 'Now?', undefined],
    ]);
  });

  test('those of the oldest answers are left out first when the budget is used up, and never a message', async () => {
    const { model, start } = await open();
    await start({ agent: { tools: [weather] }, messages: messages('x'.repeat(3_000), 'rain') }).outcome;
    const sent = model.calls()[0]?.body.messages ?? [];
    expect(sent.map(({ role }) => role)).toEqual([
      ...['user', 'assistant', 'user', 'assistant', 'tool', 'assistant', 'user'],
    ]);
    expect(sent[1]?.content).toBe('I look.It is Rome.');
  });

  test('an agent without tools gets the text of earlier answers alone', async () => {
    const { model, start } = await open();
    await start({ messages: messages('sun', 'rain') }).outcome;
    const sent = model.calls()[0]?.body.messages ?? [];
    expect(sent.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant', 'user']);
    expect(JSON.stringify(sent)).not.toContain('tool_call');
  });
});
