import type { OpenAiApi } from '../openai-api.ts';
import { ResponseEventReader } from './response-event-reader.ts';
import { toResponsesRequest } from './responses-request.ts';

/** The Responses API of OpenAI and of other servers. The server stores nothing. */
export const responses: OpenAiApi = {
  path: '/responses',
  omissible: ['temperature', 'system', 'tool_choice', 'opaque', 'include'],
  toBody: toResponsesRequest,
  createReader: () => new ResponseEventReader(),
};
