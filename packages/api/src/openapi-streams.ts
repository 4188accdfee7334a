import { limits } from '@parley/contract';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { apiErrorResponses, COMMON, eventStream, requestIdHeader } from './openapi-responses.ts';
import { type StreamOperation, streamOperations, uiMessageStream } from './stream-operations.ts';

const lastEventSchema = { type: 'string' as const, maxLength: limits.cursorLengthMax };
const lastEventParameters = [
  {
    name: 'Last-Event-ID',
    in: 'header' as const,
    description: 'The id of the last event that was received.',
    schema: lastEventSchema,
  },
  {
    name: 'lastEventId',
    in: 'query' as const,
    description: 'The same, for clients that cannot set headers. The header wins.',
    schema: lastEventSchema,
  },
];

/** Returns the paths of the operations that answer with events. No schema of a procedure describes these. */
export function streamPaths(): ZodOpenApiPathsObject {
  return Object.fromEntries(
    streamOperations.map((operation) => [operation.path, { get: documentStream(operation) }]),
  );
}

const eventsOf = (schema: string) =>
  `Events whose data is a \`${schema}\`, each with its id. If the server ends the stream, the last event is a ` +
  '`StreamError` with the reason, and has no id.';

const streamTexts: Readonly<Record<StreamOperation['events'], string>> = {
  'ui-message-stream': uiMessageStream,
  'chat-events': eventsOf('ChatEvent'),
  'list-events': `${eventsOf('ChatListEvent')} With \`chatId\`, the data may also be a \`ChatEvent\`.`,
};

function documentStream(operation: StreamOperation) {
  const { operationId, path, tag, summary, description, errors, query = {}, canBeEmpty, events } = operation;
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const stream = streamTexts[events];
  return {
    operationId,
    tags: [tag],
    summary,
    description,
    security: [{ apiKey: [] }, { bearer: [] }] as Record<string, string[]>[],
    parameters: [
      ...names.map((name) => ({
        name,
        in: 'path' as const,
        required: true,
        schema: { type: 'string' as const },
      })),
      ...Object.entries(query).map(([name, text]) => ({
        name,
        in: 'query' as const,
        description: text,
        schema: { type: 'string' as const },
      })),
      ...lastEventParameters,
    ],
    responses: {
      200: { description: 'A stream of events.', headers: requestIdHeader, content: eventStream(stream) },
      ...(canBeEmpty && {
        204: { description: 'The chat has no running answer.', headers: requestIdHeader },
      }),
      ...(apiErrorResponses([...COMMON, ...errors]) as Record<never, never>),
    },
  };
}
