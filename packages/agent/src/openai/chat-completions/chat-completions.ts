import type { OpenAiApi } from '../openai-api.ts';
import { toChatRequest } from './chat-request.ts';
import { ChunkReader } from './chunk-reader.ts';

/** The Chat Completions API, which most servers offer. */
export const chatCompletions: OpenAiApi = {
  path: '/chat/completions',
  omissible: ['temperature', 'system', 'tool_choice', 'opaque', 'stream_options'],
  toBody: toChatRequest,
  createReader: () => new ChunkReader(),
};
