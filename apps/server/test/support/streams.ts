import { type StreamOperation, streamOperations } from '@parley/api';
import type { ErrorEnvelope } from '@parley/contract';
import type { Team } from '../harness.ts';
import { type OpenStream, openStream } from './event-stream.ts';
import type { Transport } from './transports.ts';

/** The requests of one operation that returns events. */
export interface StreamExample {
  readonly operationId: StreamOperation['operationId'];
  /** The subscription that it reads, which is its counterpart over tRPC. */
  readonly procedure: 'message.follow' | 'chat.follow' | 'chat.followAll';
  /** Creates an input that succeeds for this team. */
  readonly validInput: (team: Team) => Promise<Readonly<Record<string, string>>>;
  readonly ids: readonly string[];
}

/** Every operation that returns events. A missing one fails the tests. */
export const streams: readonly StreamExample[] = [
  {
    operationId: 'streamMessage',
    procedure: 'message.follow',
    validInput: (team) => team.answered(),
    ids: ['chatId', 'messageId'],
  },
  {
    operationId: 'streamChat',
    procedure: 'message.follow',
    validInput: async (team) => ({ chatId: (await team.makeChat()).id }),
    ids: ['chatId'],
  },
  {
    operationId: 'followChat',
    procedure: 'chat.follow',
    validInput: async (team) => ({ chatId: (await team.makeChat()).id }),
    ids: ['chatId'],
  },
  {
    operationId: 'followChats',
    procedure: 'chat.followAll',
    validInput: async () => ({}),
    ids: [],
  },
];

export function streamOperationOf(operationId: StreamOperation['operationId']): StreamOperation {
  const found = streamOperations.find((operation) => operation.operationId === operationId);
  if (!found) throw new Error(`${operationId} is no stream`);
  return found;
}

/** Returns the error of a rejected stream. tRPC sends it as the only event of the stream. */
export async function apiErrorAt(
  transport: Transport,
  stream: OpenStream,
): Promise<{ status: number; apiError: ErrorEnvelope | undefined }> {
  const { status, apiError } = stream;
  if (transport === 'rest') return { status, apiError };
  const [error] = (await stream.until(({ event }) => event === 'serialized-error')).slice(-1);
  const { data } = JSON.parse(error?.data ?? '') as TrpcError;
  return { status: data.httpStatus, apiError: data.apiError };
}

interface TrpcError {
  readonly data: { readonly httpStatus: number; readonly apiError: ErrorEnvelope };
}

/** Requests a stream over one transport. Over REST all fields except path parameters go into the query. */
export function requestStream(
  transport: Transport,
  { operationId, procedure }: Pick<StreamExample, 'operationId' | 'procedure'>,
  input: Readonly<Record<string, unknown>>,
  { url, headers }: { url: string; headers: Readonly<Record<string, string>> },
): Promise<OpenStream> {
  if (transport === 'trpc') {
    return openStream(url, 'GET', `/trpc/${procedure}`, { headers, query: { input: JSON.stringify(input) } });
  }
  const left = new Map(Object.entries(input).map(([name, value]) => [name, String(value)]));
  const path = streamOperationOf(operationId).path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = left.get(name) ?? '';
    left.delete(name);
    return encodeURIComponent(value);
  });
  return openStream(url, 'GET', path, { headers, ...(left.size > 0 && { query: Object.fromEntries(left) }) });
}
