import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineFiles, EngineSettings } from '../start-engine.ts';

/** The content of the fake weights, which decides how the fake engine starts. */
export type FakeWeights = 'sound' | 'broken' | 'slow';

/** Makes the files of an engine without a model: see `fake-engine/xllamacpp.py`. */
export async function makeFakeEngine(weights: FakeWeights): Promise<EngineFiles & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-engine-'));
  const file = join(folder, 'weights.gguf');
  await writeFile(file, weights);
  return {
    python: 'python3',
    engineFolder: fileURLToPath(new URL('./fake-engine', import.meta.url)),
    weights: file,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The settings of a small model. Its short context makes tests of its limits fast. */
export const fakeSettings: EngineSettings = {
  model: 'fake-model',
  chatTemplate: 'a template',
  contextTokens: 100,
  answerTokensMax: 20,
  threads: 1,
};
