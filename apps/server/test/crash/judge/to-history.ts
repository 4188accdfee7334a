import type { ChatHistory, History, RequestHistory } from '@parley/turns/testing';
import type { CellHistory, ClientRequest, Judgement, SentMessage } from './history.ts';

/** Converts a cell to the form of `checkHistory`. */
export function toHistory(cell: CellHistory): History {
  const { messages, calls, turns, followers, judgements, stoppedChats, promises } = cell;
  const { takeoversMax, handOvers, callsPerRunMax, hasOlderRelease } = promises;
  const runsMax = 1 + takeoversMax + handOvers;
  const chatOf = new Map(messages.map(({ chat, content }) => [content, chat]));
  const callsOf = Map.groupBy(calls, ({ context }) => chatOf.get(questionOf(context)));
  const turnsOf = Map.groupBy(turns, ({ chat }) => chat);
  const chats = Map.groupBy(messages, ({ chat }) => chat);
  return {
    chats: [...chats].map(([chat, sent]) =>
      chatHistory(chat, sent, {
        turns: turnsOf.get(chat) ?? [],
        calls: callsOf.get(chat) ?? [],
        followers: followers.filter((follower) => follower.chat === chat),
        judgement: judgements.find((one) => one.chat === chat),
        isStopped: stoppedChats.includes(chat),
      }),
    ),
    takeoversMax,
    modelsMax: 1,
    // The bound of calls there assumes one call per run, so repeated calls are counted as runs.
    handovers: runsMax * callsPerRunMax - 1 - takeoversMax,
    hasOlderRelease,
  };
}

/** The message that a call answers: the last paragraph, because unanswered messages are joined before it. */
export function questionOf(context: readonly { readonly content: string }[]): string {
  return context.at(-1)?.content.split('\n\n').at(-1) ?? '';
}

function chatHistory(
  chat: string,
  messages: readonly SentMessage[],
  {
    turns,
    calls,
    followers,
    judgement,
    isStopped,
  }: Pick<CellHistory, 'turns' | 'calls' | 'followers'> & {
    readonly judgement: Judgement | undefined;
    readonly isStopped: boolean;
  },
): ChatHistory {
  const userMessageOf = new Map(turns.map(({ answerId, userMessage }) => [answerId, userMessage?.id ?? '']));
  const toRequest = ({ content }: SentMessage, request: ClientRequest, index: number): RequestHistory => {
    const { result, interval, knownAt, server } = request;
    return {
      name: `request ${index + 1} of "${content}", at ${server},`,
      content,
      idempotencyKey: content,
      sentAt: interval.from,
      knownAt,
      result:
        result.kind === 'accepted'
          ? { userMessageId: userMessageOf.get(result.answerId) ?? '', ...result }
          : result,
    };
  };
  return {
    chat,
    isDeleted: judgement?.isDeleted ?? false,
    wasDeletionRequested: judgement !== undefined,
    turns,
    calls,
    requests: messages.flatMap((message) =>
      message.requests
        .filter(({ form }) => form !== 'follow')
        .map((request, index) => toRequest(message, request, index)),
    ),
    readers: messages.flatMap(readerOf),
    chatReaders: followers,
    stopRequestedFor: new Set(isStopped ? turns.map(({ answerId }) => answerId) : []),
  };
}

/** All text of an answer that a client was shown, over all its connections. */
function readerOf({ content, requests }: SentMessage): ChatHistory['readers'] {
  const connections = requests.map(({ connection }) => connection).filter((one) => one !== undefined);
  const answerId = requests.map(({ result }) => answerIdOf(result)).find((id) => id !== undefined);
  if (answerId === undefined || connections.length === 0) return [];
  return [{ name: `the reader of "${content}"`, answerId, connections }];
}

function answerIdOf(result: ClientRequest['result']): string | undefined {
  return result.kind === 'accepted' ? result.answerId : undefined;
}
