import { type StreamOperation, streamOperations } from '@parley/api';
import type { RefusalEnvelope } from '@parley/contract';
import type { Team } from '../harness.ts';
import type { Door } from './doors.ts';
import { type OpenStream, openStream } from './event-stream.ts';

/** How one operation that answers with events is asked for. */
export interface StreamExample {
  readonly operationId: StreamOperation['operationId'];
  /** The subscription it reads, which is its other door. */
  readonly procedure: 'message.follow' | 'chat.follow';
  /** An input that succeeds, for this team. */
  readonly validInput: (team: Team) => Promise<Readonly<Record<string, string>>>;
  readonly ids: readonly string[];
}

/** Every operation that answers with events. One that is missing here fails the tests. */
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
];

export function streamOperationOf(operationId: StreamOperation['operationId']): StreamOperation {
  const found = streamOperations.find((operation) => operation.operationId === operationId);
  if (!found) throw new Error(`${operationId} is no stream`);
  return found;
}

/** What a stream was refused with. tRPC tells it in the stream itself, which is then the whole of it. */
export async function refusalAt(
  door: Door,
  stream: OpenStream,
): Promise<{ status: number; refusal: RefusalEnvelope | undefined }> {
  const { status, refusal } = stream;
  if (door === 'rest') return { status, refusal };
  const [error] = (await stream.until(({ event }) => event === 'serialized-error')).slice(-1);
  const { data } = JSON.parse(error?.data ?? '') as TrpcError;
  return { status: data.httpStatus, refusal: data.refusal };
}

interface TrpcError {
  readonly data: { readonly httpStatus: number; readonly refusal: RefusalEnvelope };
}

/** Asks one door for a stream: at REST what is no path parameter goes into the query. */
export function askForStream(
  door: Door,
  { operationId, procedure }: Pick<StreamExample, 'operationId' | 'procedure'>,
  input: Readonly<Record<string, unknown>>,
  { url, headers }: { url: string; headers: Readonly<Record<string, string>> },
): Promise<OpenStream> {
  if (door === 'trpc') {
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
