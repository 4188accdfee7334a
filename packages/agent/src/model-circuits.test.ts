import { expect, test } from 'vitest';
import { ModelCircuits } from './model-circuits.ts';

test('the circuits of the thousand models that failed last are remembered', () => {
  const circuits = new ModelCircuits({ circuitFailuresMax: 1 });
  const models = Array.from({ length: 1_001 }, (_, index) => ({ provider: 'one', model: `model-${index}` }));
  for (const model of models) circuits.end(model, 'failed');
  expect(circuits.counts()).toEqual([{ provider: 'one', open: 1_000, halfOpen: 0 }]);
  expect(models.filter((model) => !circuits.isOpen(model))).toEqual(models.slice(0, 1));
});
