import { scripts, startScriptedModel } from '@parley/agent/testing';
import { afterAll, expect, test } from 'vitest';
import { createMetrics } from '../../src/metrics.ts';
import { startHarness } from '../harness.ts';

/* A model whose circuit opens at its first failure. */

const backup = await startScriptedModel();
afterAll(() => backup.stop());
const metrics = createMetrics();
const { makeTeam, model } = await startHarness({
  agentBounds: { circuitFailuresMax: 1 },
  providers: new Map([['backup', { baseUrl: backup.baseUrl, apiKey: 'k' }]]),
  defaultModels: [
    { provider: 'default', model: 'm1' },
    { provider: 'backup', model: 'm2' },
  ],
  metrics,
});

test('the metrics count a model with an open circuit, and the next answer calls it last', async () => {
  const team = await makeTeam();
  const { id } = await team.makeChat();
  const openCircuits = async () =>
    (await metrics.text()).split('\n').filter((line) => /^parley_model_circuits\{.*state="open"/.test(line));
  expect(await openCircuits()).toEqual([
    'parley_model_circuits{provider="default",state="open"} 0',
    'parley_model_circuits{provider="backup",state="open"} 0',
  ]);

  model.replyAlways(scripts.status(500));
  expect((await team.send(id, 'the first fails')).body.content).toBe('You said: the first fails');
  expect(await openCircuits()).toEqual([
    'parley_model_circuits{provider="default",state="open"} 1',
    'parley_model_circuits{provider="backup",state="open"} 0',
  ]);

  const before = model.calls().length;
  expect((await team.send(id, 'the backup at once')).body.content).toBe('You said: the backup at once');
  expect(model.calls()).toHaveLength(before);
});
