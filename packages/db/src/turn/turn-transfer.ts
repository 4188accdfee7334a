import { compact, compactAs, type Id, type Path, type TapePart, type TransferTurn } from '@parley/contract';
import type { UsageRecord } from '../usage/usage-records.ts';
import { fromErrorFields, toErrorFields } from './stored-error-code.ts';
import { fromStoredParts, type StoredPart, toStoredPart } from './stored-parts.ts';
import type { MessageDocument, TurnDocument } from './turn-model.ts';
import { isEnded } from './turn-status.ts';

type MessageOfLine = TransferTurn['messages'][number];
type UsageOfLine = TransferTurn['usage'][number];
type WrittenOfLine = NonNullable<TransferTurn['written']>;
type PartsOfLine = NonNullable<MessageOfLine['parts']>;

/** The line of a turn, with the path that its parents give. */
export type ImportedTurn = TransferTurn & { readonly path?: Path };

/** The lease of an imported turn keeps the number of its runs. No process has this token. */
const TOKEN = 'imported';

/**
 * The line of a turn in an export.
 *
 * @throws Error for a turn that has not ended
 */
export function toTurnLine(document: TurnDocument): TransferTurn {
  const { _id: id, sequence, status, takeovers, lease, retryOf, written, messages, answerId } = document;
  const { usage, agentVersion, textBytes = 0, createdAt, endedAt = createdAt } = document;
  const { parent, removedAt } = document;
  if (!isEnded(status)) throw new Error(`turn ${id} has not ended`);
  return compactAs<TransferTurn>({
    ...{ type: 'turn', id, sequence, parent, status, takeovers, attempts: lease?.attempt ?? 0 },
    retryOf: retryOf && { turn: retryOf.turn, userMessageId: retryOf.userMessageId },
    written: written && toWrittenOfLine(written),
    messages: messages.map(toMessageOfLine),
    answerId,
    usage: usage.map(toUsageOfLine),
    ...{ errorCode: fromErrorFields(document), agentVersion, textBytes },
    removedAt: removedAt?.toISOString(),
    ...{ createdAt: createdAt.toISOString(), endedAt: endedAt.toISOString() },
  });
}

/** The turn of a line in an export. It was counted where it ran, so it is not counted again. */
export function fromTurnLine(
  { chat, team }: { chat: Id<'chat'>; team: Id<'team'> },
  line: ImportedTurn,
): TurnDocument {
  const { id: _id, sequence, status, takeovers, attempts, retryOf, written, messages, answerId } = line;
  const { usage, errorCode, agentVersion, textBytes, createdAt, endedAt, parent, path, removedAt } = line;
  return compactAs<TurnDocument>({
    ...{ _id, chat, team, sequence, parent, path: path && [...path], status, takeovers },
    removedAt: removedAt === undefined ? undefined : new Date(removedAt),
    lease: attempts > 0 ? { token: TOKEN, attempt: attempts, renewals: 0 } : undefined,
    retryOf,
    written: written && fromWrittenOfLine(written),
    messages: messages.map(fromMessageOfLine),
    answerId,
    usage: usage.map(fromUsageOfLine),
    ...{ errorCode: undefined, exactErrorCode: undefined, ...toErrorFields(errorCode) },
    ...{ agentVersion, textBytes, createdAt: new Date(createdAt), endedAt: new Date(endedAt) },
    // An export has no callers, and nothing that only an unfinished or uncounted turn has.
    ...{ spender: undefined, origin: undefined, reservations: undefined, idempotency: undefined },
    ...{
      hasSuccessor: undefined,
      isCancelled: undefined,
      steps: undefined,
      stepsSize: undefined,
      retryAt: undefined,
      wait: undefined,
    },
    ...{ account: undefined, isUncounted: undefined, pendingSince: undefined, purgedAt: undefined },
  });
}

type StoredText = NonNullable<TurnDocument['written']>;

function toWrittenOfLine({ attempt, text, parts }: StoredText): WrittenOfLine {
  return compactAs<WrittenOfLine>({ attempt, text, parts: toPartsOfLine(text, parts) });
}

function fromWrittenOfLine({ attempt, text, parts }: WrittenOfLine): StoredText {
  return compactAs<StoredText>({ attempt, text, parts: fromPartsOfLine(parts) });
}

function toMessageOfLine(message: MessageDocument): MessageOfLine {
  const { id, role, content, parts, files, finishReason, createdAt } = message;
  return compactAs<MessageOfLine>({
    ...{ id, role, content, parts: toPartsOfLine(content, parts), files: files && [...files], finishReason },
    createdAt: createdAt.toISOString(),
  });
}

function fromMessageOfLine(line: MessageOfLine): MessageDocument {
  const { id, role, content, parts, files, finishReason, createdAt } = line;
  return compactAs<MessageDocument>({
    ...{ id, role, content, parts: fromPartsOfLine(parts), files, finishReason },
    createdAt: new Date(createdAt),
  });
}

function toPartsOfLine(text = '', parts: readonly StoredPart[] | undefined): PartsOfLine | undefined {
  return parts && fromStoredParts(text, parts);
}

/** The schema of the line has checked the fields of each part. */
function fromPartsOfLine(parts: PartsOfLine | undefined): StoredPart[] | undefined {
  return parts?.map((part) => toStoredPart(compact(part) as TapePart));
}

function toUsageOfLine(usage: UsageRecord): UsageOfLine {
  const { attempt, model, calls, inputTokens, outputTokens, isEstimated } = usage;
  return compactAs<UsageOfLine>({ attempt, model, calls, inputTokens, outputTokens, isEstimated });
}

function fromUsageOfLine(usage: UsageOfLine): UsageRecord {
  const { attempt, model, calls, inputTokens, outputTokens, isEstimated } = usage;
  return compactAs<UsageRecord>({ attempt, model, calls, inputTokens, outputTokens, isEstimated });
}
