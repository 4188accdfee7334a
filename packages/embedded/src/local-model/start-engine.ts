import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { environmentWithoutSecrets } from '../env.ts';
import { explainEngineEnd } from './explain-engine-end.ts';
import type { EngineAddress } from './model-gate.ts';

/** The files of an engine. */
export interface EngineFiles {
  /** The Python that runs it. */
  python: string;
  /** The folder that holds the `xllamacpp` package. */
  engineFolder: string;
  /** A GGUF file. */
  weights: string;
}

/** The settings that an engine starts with. */
export interface EngineSettings {
  /** The model's name. */
  model: string;
  chatTemplate: string;
  contextTokens: number;
  /** The limit of requests that set none. */
  answerTokensMax: number;
  threads: number;
}

/** A running engine. Disposing ends the process and waits for it. */
export interface Engine extends EngineAddress, AsyncDisposable {
  pid: number;
  /** Resolves to the reason when the process has ended. Never rejects. */
  ended: Promise<string>;
}

/** The files and settings of the engine, and the time to wait for it. */
export interface StartEngineOptions {
  files: EngineFiles;
  settings: EngineSettings;
  signal: AbortSignal;
  /** How long loading may take. Default: two minutes, for 100 MB from a slow disk. */
  timeoutMs?: number;
}

/**
 * Starts llama.cpp as a child process and waits until the model is loaded. The child ends itself when this
 * process ends in any way.
 *
 * @throws Error whose message is half a sentence on why it does not run; the signal's reason when aborted.
 */
export async function startEngine(options: StartEngineOptions): Promise<Engine> {
  const { files, settings, signal, timeoutMs = 120_000 } = options;
  signal.throwIfAborted();
  // -I ignores the user's Python settings and packages. -B writes no byte code into the folder.
  const child = spawn(files.python, ['-I', '-B', SCRIPT], {
    stdio: 'pipe',
    env: environmentWithoutSecrets(),
  });
  const ended = endOf(child);
  const end = () => endChild(child, ended);
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const apiKey = randomBytes(16).toString('hex');
    sendSettings(child, { ...settings, apiKey, engineFolder: files.engineFolder, weights: files.weights });
    const url = await Promise.race([
      firstLine(child, AbortSignal.any([signal, timeout])),
      ended.then((reason) => Promise.reject(new Error(reason))),
    ]);
    return { url, apiKey, pid: child.pid ?? 0, ended, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    signal.throwIfAborted();
    if (timeout.aborted) throw new Error(`it did not load within ${timeoutMs / 1000} seconds`);
    throw error;
  }
}

const SCRIPT = fileURLToPath(new URL('./engine.py', import.meta.url));

function sendSettings(child: ChildProcessWithoutNullStreams, settings: object): void {
  // If the child dies before it reads, `ended` reports that.
  child.stdin.on('error', () => {});
  child.stdin.write(`${JSON.stringify(settings)}\n`);
}

async function firstLine(child: ChildProcessWithoutNullStreams, signal: AbortSignal): Promise<string> {
  // The interface continues to read after the first line, so that the pipe does not fill up.
  const [line] = (await once(createInterface(child.stdout), 'line', { signal })) as [string];
  const { url } = JSON.parse(line) as { url: string };
  return url;
}

function endOf(child: ChildProcessWithoutNullStreams): Promise<string> {
  let printed = '';
  child.stderr.setEncoding('utf8').on('data', (more: string) => {
    printed = (printed + more).slice(-PRINTED_LENGTH_MAX);
  });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`it could not be started (${error.message})`));
    child.once('close', (exitCode, signal) => resolve(explainEngineEnd({ exitCode, signal, printed })));
  });
}

const PRINTED_LENGTH_MAX = 4_000;

async function endChild(child: ChildProcessWithoutNullStreams, ended: Promise<string>): Promise<void> {
  child.stdin.end();
  const late = setTimeout(() => child.kill('SIGKILL'), END_TIMEOUT_MS);
  await ended;
  clearTimeout(late);
}

/** The engine has nothing to save, so it needs little time to end. */
const END_TIMEOUT_MS = 2_000;
