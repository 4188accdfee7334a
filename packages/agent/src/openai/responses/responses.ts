import type { OpenAiApi } from '../openai-api.ts';
import { ResponseEventReader } from './response-event-reader.ts';
import { toResponsesRequest } from './responses-request.ts';

/** The Responses API of OpenAI and of other servers. Nothing is stored at the server. */
export const responses: OpenAiApi = {
  path: '/responses',
  omissible: ['temperature', 'system', 'tool_choice', 'opaque', 'include'],
  toBody: toResponsesRequest,
  createReader: () => new ResponseEventReader(),
};
