import type { StreamCursor } from '@parley/contract';
import type { ReaderConnection, ShownEvent } from '@parley/turns/testing';
import type { CellHistory, ClientRequest, ObservedCall, ObservedTurn, SentMessage } from './history.ts';

/*
 * A cell in which all promises were kept: two messages of one chat. The client waited for the first one at A, which
 * died; B took the turn over and answered a repeat. The second was streamed by B and resumed at A.
 */

const CHAT = 'chat_1';
export const FIRST_TEXT = '«2» grün ';
const SECOND_TEXT = '«3» 🙂 so ';

export const exampleTurns: readonly ObservedTurn[] = [
  turnOf(1, FIRST_TEXT, { attempts: 2, takeovers: 1, createdAt: 1_000, endedAt: 3_500 }),
  turnOf(2, SECOND_TEXT, { attempts: 1, takeovers: 0, createdAt: 4_000, endedAt: 4_300 }),
];

export const exampleCalls: readonly ObservedCall[] = [
  {
    ...{ number: 1, server: 'A', from: 1_010, to: 1_050, isCut: true },
    context: [{ role: 'user', content: 'q-1' }],
    text: '«1» ja ok ',
  },
  {
    ...{ number: 2, server: 'B', from: 3_000, to: 3_400, isCut: false },
    context: [{ role: 'user', content: 'q-1' }],
    text: FIRST_TEXT,
  },
  {
    ...{ number: 3, server: 'B', from: 4_020, to: 4_250, isCut: false },
    context: [
      { role: 'user', content: 'q-1' },
      { role: 'assistant', content: FIRST_TEXT },
      { role: 'user', content: 'q-2' },
    ],
    text: SECOND_TEXT,
  },
];

export const waited: ClientRequest = {
  server: 'B',
  form: 'wait',
  interval: { from: 2_100, to: 3_600 },
  knownAt: 3_600,
  result: {
    kind: 'accepted',
    answerId: 'msg_a1',
    userMessageId: 'msg_u1',
    isReplay: true,
    end: { status: 'completed', text: FIRST_TEXT },
  },
  oddities: [],
};

export const streamed: ClientRequest = {
  server: 'B',
  form: 'stream',
  interval: { from: 3_990, to: 4_100 },
  knownAt: 4_010,
  result: { kind: 'accepted', answerId: 'msg_a2', userMessageId: 'msg_u2', isReplay: false },
  connection: connectionOf(undefined, [
    [0, 0, 0, { type: 'start', messageId: 'msg_a2', userMessageId: 'msg_u2' }],
    [1, 1, 0, { type: 'text-start' }],
    [1, 1, 4, { type: 'text-delta', text: '«3» ' }],
  ]),
  oddities: [],
};

export const resumed: ClientRequest = {
  server: 'A',
  form: 'follow',
  interval: { from: 4_150, to: 4_310 },
  knownAt: 4_160,
  result: { kind: 'unknown' },
  connection: connectionOf({ attempt: 1, part: 1, offset: 4 }, [
    [1, 1, 10, { type: 'text-delta', text: '🙂 so ' }],
    [1, 2, 10, { type: 'text-end' }],
    [1, 2, 0, { type: 'end', status: 'completed', finishReason: 'stop' }],
  ]),
  oddities: [],
};

const lost: ClientRequest = {
  server: 'A',
  form: 'wait',
  interval: { from: 990, to: 2_000 },
  knownAt: 2_000,
  result: { kind: 'unknown' },
  oddities: [],
};

export const exampleMessages: readonly SentMessage[] = [
  { chat: CHAT, content: 'q-1', requests: [lost, waited] },
  { chat: CHAT, content: 'q-2', requests: [streamed, resumed] },
];

const listed = exampleTurns.flatMap(({ userMessage, answer }) => [
  { id: userMessage?.id ?? '', role: 'user', content: userMessage?.content ?? '' },
  { id: answer?.id ?? '', role: 'assistant', content: answer?.content ?? '' },
]);

export const exampleCell: CellHistory = {
  messages: exampleMessages,
  calls: exampleCalls,
  turns: exampleTurns,
  lists: ['A', 'B'].map((server) => ({ server, chat: CHAT, messages: listed })),
  followers: [
    {
      name: 'the follower',
      chat: CHAT,
      events: [
        { type: 'message-accepted', answerId: 'msg_a1', userMessageId: 'msg_u1' },
        { type: 'answer-started', messageId: 'msg_a1' },
        { type: 'answer-delta', messageId: 'msg_a1', text: FIRST_TEXT },
        { type: 'answer-ended', messageId: 'msg_a1', status: 'completed', finishReason: 'stop' },
        { type: 'message-accepted', answerId: 'msg_a2', userMessageId: 'msg_u2' },
        { type: 'answer-ended', messageId: 'msg_a2', status: 'completed', finishReason: 'stop' },
      ],
    },
  ],
  stoppedChats: [],
  judgements: [],
  troubles: [],
  harms: [{ from: 1_050, to: 2_050, holdsUpTurns: false }],
  promises: {
    endWithinMs: 3_000,
    takeoversMax: 2,
    handOvers: 0,
    callsPerRunMax: 1,
    mayFail: false,
    load: { running: 2, visitors: 1, perAddress: 1, visitorWaitMs: 0 },
  },
};

function turnOf(
  sequence: number,
  text: string,
  facts: Pick<ObservedTurn, 'attempts' | 'takeovers' | 'createdAt' | 'endedAt'>,
): ObservedTurn {
  return {
    id: `turn_${sequence}`,
    chat: CHAT,
    sequence,
    status: 'completed',
    userMessage: { id: `msg_u${sequence}`, content: `q-${sequence}` },
    answerId: `msg_a${sequence}`,
    answer: { id: `msg_a${sequence}`, content: text, finishReason: 'stop' },
    written: { attempt: facts.attempts, text },
    ...facts,
  };
}

type Shown = readonly [attempt: number, part: number, offset: number, event: ShownEvent];

/** A connection from its cursors and events. */
export function connectionOf(from: StreamCursor | undefined, shown: readonly Shown[]): ReaderConnection {
  return {
    ...(from && { from }),
    events: shown.map(([attempt, part, offset, event]) => ({ cursor: { attempt, part, offset }, event })),
  };
}
