import type { ModelApi } from '../agent.ts';
import type { FileContents } from '../model/file-contents.ts';
import type { Model } from '../model/model.ts';
import { chatCompletions } from './chat-completions/chat-completions.ts';
import type { OpenAiApi } from './openai-api.ts';
import type { OpenAiEndpoint } from './openai-client.ts';
import { OpenAiModel } from './openai-model.ts';
import { responses } from './responses/responses.ts';

const apis: Readonly<Record<ModelApi, OpenAiApi>> = { chat: chatCompletions, responses };

/** Creates the models of a server, with their own connections. */
export function createModel(
  api: ModelApi,
  endpoint: OpenAiEndpoint,
  connectMaxMs: number,
  files: FileContents,
): Model {
  return new OpenAiModel(apis[api], endpoint, connectMaxMs, files);
}
