import { type TapePart, textOfCall } from '@parley/contract';
import { fromErrorFields } from './stored-error-code.ts';
import { type StoredPart, toGivenParts } from './stored-parts.ts';
import type { MessageDocument, TurnDocument } from './turn-model.ts';
import type { HistoryMessage, RunContext } from './turn-records.ts';

/** The fields of a turn that its history needs. */
export const historyFields = {
  ...{ retryOf: 1, removedAt: 1, errorCode: 1, exactErrorCode: 1 },
  ...{ 'messages.role': 1, 'messages.content': 1, 'messages.files': 1 },
  // All of a part but the text of reasoning, which the model does not get again.
  ...{ 'messages.parts.kind': 1, 'messages.parts.length': 1, 'messages.parts.id': 1 },
  ...{ 'messages.parts.name': 1, 'messages.parts.arguments': 1, 'messages.parts.result': 1 },
  ...{ 'messages.parts.isError': 1, 'messages.parts.ms': 1 },
  ...{ 'messages.parts.title': 1, 'messages.parts.show': 1 },
} as const;

/** A turn, as far as the history needs it. */
export type HistoryTurn = Pick<TurnDocument, 'retryOf' | 'removedAt' | 'errorCode' | 'exactErrorCode'> & {
  readonly messages: readonly StoredHistoryMessage[];
};

/** A message of an earlier turn, as it is stored. */
type StoredHistoryMessage = Pick<MessageDocument, 'role' | 'content' | 'parts' | 'files'>;

/** A message, as far as the model gets it. */
interface GivenMessage {
  readonly content: string;
  readonly parts?: readonly (Pick<StoredPart, 'arguments' | 'result'> | TapePart)[] | undefined;
}

/** UTF-8 bytes of what the model gets of a message. */
export function bytesOfGiven({ content, parts }: GivenMessage): number {
  let bytes = Buffer.byteLength(content);
  if (!parts) return bytes;
  for (const part of parts) bytes += Buffer.byteLength(textOfCall(part));
  return bytes;
}

/**
 * The messages of the newest turns of a path, oldest first. A turn whose message a later turn of the path answers again gives
 * its message alone. A message whose newest answer the model rejected is marked:
 * that is the last of the retries that follow its turn, or else the turn's own.
 */
export function historyOf(newestFirst: readonly HistoryTurn[]): RunContext['history'] {
  let isRefused = false;
  let isRetried = false;
  const turns = newestFirst.map((turn) => {
    if (!isRetried) isRefused = fromErrorFields(turn) === 'model_refused';
    const given = isRetried ? turn.messages.filter(({ role }) => role === 'user') : turn.messages;
    isRetried = turn.retryOf !== undefined;
    return given.map((message) => {
      const plain = toGiven(message);
      if (turn.removedAt) return { ...plain, isRemoved: true };
      return isRefused ? { ...plain, isRefused } : plain;
    });
  });
  return turns.reverse().flat();
}

/** A message without parts is returned as it is. */
function toGiven(message: StoredHistoryMessage): HistoryMessage {
  if (isPlain(message)) return message;
  const { role, content, parts = [] } = message;
  return { role, content, parts: toGivenParts(content, parts) };
}

function isPlain(message: StoredHistoryMessage): message is StoredHistoryMessage & { parts?: never } {
  return message.parts === undefined;
}
