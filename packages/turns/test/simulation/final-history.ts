import type { Id } from '@parley/contract';
import type { TurnRecord } from '@parley/db';
import type { ChatHistory, History, StoredTurn } from '../../src/testing/index.ts';
import type { Ledger } from './ledger.ts';
import { MODELS_MAX } from './simulated-answer.ts';
import type { World } from './world.ts';

/** The actions of the users, their responses, and the stored data in the end, for `checkHistory`. */
export function finalHistory(world: World, ledger: Ledger): History {
  const { committed } = world.database;
  const stored = Map.groupBy(committed.turns.values(), ({ record }) => record.chat);
  const callsOf = Map.groupBy(world.model.calls, ({ context }) =>
    context.at(-1)?.content.split('\n\n').at(-1),
  );
  const chats = world.chats.map((chat): ChatHistory => {
    const entries = ledger.of(chat);
    const turns = (stored.get(chat) ?? []).map(({ record }) => toKept(world, record));
    const removed = new Set(turns.filter(({ isRemoved }) => isRemoved).map(({ answerId }) => answerId));
    const contents = new Set(entries.requests.map(({ content }) => content));
    return {
      chat,
      isDeleted: committed.chats.get(chat)?.record === undefined,
      wasDeletionRequested: entries.wasDeletionRequested,
      turns,
      requests: entries.requests,
      // The text of a removed message is shown to nobody any more.
      readers: entries.readers.filter(({ answerId }) => !removed.has(answerId)),
      chatReaders: entries.chatReaders,
      removals: entries.removals,
      calls: [...contents].flatMap((content) => (content && callsOf.get(content)) || []),
      stopRequestedFor: new Set([...stopRequestedFor(turns, entries), ...ofStoppedUsers(world, chat)]),
    };
  });
  return {
    chats,
    takeoversMax: world.plan.bounds.takeoversMax,
    handovers: world.handovers,
    modelsMax: MODELS_MAX,
  };
}

/** The answers that a cancel may have stopped, and those before a message that interrupts. */
function stopRequestedFor(
  turns: readonly StoredTurn[],
  entries: ReturnType<Ledger['of']>,
): ReadonlySet<string> {
  const contents = new Set(
    entries.requests.filter(({ isInterrupting }) => isInterrupting).map(({ content }) => content),
  );
  const last = turns.reduce(
    (sequence, turn) =>
      contents.has(turn.userMessage?.content) ? Math.max(sequence, turn.sequence) : sequence,
    0,
  );
  const before = turns
    .filter(({ sequence }) => entries.mayBeInterrupted || sequence < last)
    .map(({ answerId }) => answerId);
  return new Set([...entries.stopRequestedFor, ...before]);
}

/** The answers of blocked users: a block stops all turns of its user. */
function ofStoppedUsers({ database, stoppedUsers }: World, chat: Id<'chat'>): string[] {
  return [...database.committed.turns.values()]
    .map(({ record }) => record)
    .filter((turn) => turn.chat === chat && stoppedUsers.has(turn.spender?.user ?? ''))
    .map(({ answerId }) => answerId);
}

/** A turn with the content that its removal has taken away. */
function toKept({ beforeRemoval }: World, turn: TurnRecord): StoredTurn {
  if (!turn.isRemoved) return toStored(turn);
  const kept = beforeRemoval.get(turn.id) ?? turn;
  const { userMessage, answer, written } = turn;
  const content = [userMessage?.content, answer?.content, answer?.tape, written?.text].join('');
  return { ...toStored(kept), isRemoved: true, hasContent: content !== '' };
}

/** Converts a turn to the form that `checkHistory` takes. */
export function toStored(turn: TurnRecord): StoredTurn {
  const { id, sequence, status, userMessage, retryOf, answerId, answer, written, errorCode, lease } = turn;
  const { path } = turn;
  return {
    id,
    sequence,
    ...(path && { path }),
    status,
    answerId,
    attempts: lease?.attempt ?? 0,
    ...(userMessage && { userMessage: { id: userMessage.id, content: userMessage.content } }),
    ...(retryOf && { retryOf }),
    ...(answer && { answer: toStoredAnswer(answer) }),
    ...(written && { written }),
    ...(errorCode !== undefined && { errorCode }),
  };
}

function toStoredAnswer({ id, content, tape, finishReason }: NonNullable<TurnRecord['answer']>) {
  return { id, content, ...(tape !== undefined && { tape }), ...(finishReason && { finishReason }) };
}
