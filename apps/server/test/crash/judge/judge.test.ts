import { describe, expect, test } from 'vitest';
import {
  connectionOf,
  exampleCalls,
  exampleCell,
  exampleMessages,
  exampleTurns,
  FIRST_TEXT,
  resumed,
  streamed,
  waited,
} from './example-cell.ts';
import type { CellHistory, ClientRequest, ObservedTurn, Promises } from './history.ts';
import { judge } from './judge.ts';

/** The example with another first turn. */
function withFirstTurn(change: Partial<ObservedTurn>): Partial<CellHistory> {
  return { turns: exampleTurns.map((turn, index) => (index === 0 ? { ...turn, ...change } : turn)) };
}

/** The example with other requests for its second message. */
function withSecondRequests(...requests: ClientRequest[]): Partial<CellHistory> {
  return { messages: exampleMessages.map((sent, index) => (index === 1 ? { ...sent, requests } : sent)) };
}

function withPromises(change: Partial<Promises>): Partial<CellHistory> {
  return { promises: { ...exampleCell.promises, ...change } };
}

/** The example without stored data. */
const withoutStored = { turns: [], lists: [], followers: [] };

const [firstTurn, secondTurn] = exampleTurns;
const [firstCall, ...laterCalls] = exampleCalls;
if (!firstTurn || !secondTurn || !firstCall) throw new Error('the example has two turns and a call');

test('a cell in which all promises were kept is not complained about', () => {
  expect(judge(exampleCell)).toEqual([]);
});

describe.each<[promise: string, [what: string, doctored: Partial<CellHistory>, offence: RegExp][]]>([
  [
    'no acknowledged message is lost',
    [
      ['its turn is not there', { turns: [firstTurn] }, /is lost/],
      [
        'a rejection says that it is not stored, and it is',
        withSecondRequests(
          {
            ...streamed,
            interval: { from: 3_990, to: 4_005 },
            result: { kind: 'refused', code: 'draining' },
          },
          { ...streamed, result: { ...streamed.result, isReplay: true } as ClientRequest['result'] },
          resumed,
        ),
        /was stored by then/,
      ],
      ['a list lacks it', { lists: exampleCell.lists.map((list) => ({ ...list, messages: [] })) }, /lists/],
      [
        'its client never learned how it ended',
        withSecondRequests({ ...streamed, result: { kind: 'unknown' } }),
        /never learned/,
      ],
    ],
  ],
  [
    'no message and no answer is stored twice',
    [
      [
        'a message has two turns',
        { turns: [...exampleTurns, { ...secondTurn, id: 'turn_3', sequence: 3, answerId: 'msg_a3' }] },
        /a second time/,
      ],
      [
        'a turn is there that nobody sent',
        {
          turns: [
            ...exampleTurns,
            { ...secondTurn, id: 'turn_3', sequence: 3, userMessage: { id: 'msg_u3', content: 'q-3' } },
          ],
        },
        /nobody sent/,
      ],
      [
        'an answer is in two turns',
        withFirstTurn({ answer: { id: 'msg_a1', content: '«3» 🙂 so ', finishReason: 'stop' } }),
        /no call for its message wrote/,
      ],
      [
        'two answers are in one turn',
        withFirstTurn({ answer: { id: 'msg_a1', content: `«1» ja ok ${FIRST_TEXT}`, finishReason: 'stop' } }),
        /no call for its message wrote/,
      ],
    ],
  ],
  [
    'no answer is shown twice',
    [
      [
        'two requests of one key name two answers',
        {
          messages: exampleMessages.map((sent) => ({
            ...sent,
            requests: [
              ...sent.requests,
              { ...waited, result: { ...waited.result, answerId: 'msg_a9' } as ClientRequest['result'] },
            ],
          })),
        },
        /its key belongs to/,
      ],
      [
        'a repeat is not marked as one',
        {
          messages: exampleMessages.map((sent, index) =>
            index === 0
              ? {
                  ...sent,
                  requests: [
                    { ...waited, result: { ...waited.result, isReplay: false } as ClientRequest['result'] },
                  ],
                }
              : sent,
          ),
        },
        /not marked as one/,
      ],
      [
        'a list shows it twice',
        {
          lists: exampleCell.lists.map((list) => ({
            ...list,
            messages: [...list.messages, ...list.messages.slice(-1)],
          })),
        },
        /lists/,
      ],
      [
        'a follower receives an end twice',
        {
          followers: exampleCell.followers.map((follower) => ({
            ...follower,
            events: [...follower.events, ...follower.events.slice(-1)],
          })),
        },
        /received the end of .* twice/,
      ],
      [
        'a follower does not receive an end',
        {
          followers: exampleCell.followers.map((follower) => ({
            ...follower,
            events: follower.events.slice(0, -1),
          })),
        },
        /never received the end/,
      ],
    ],
  ],
  ['sequences are dense', [['one is left out', withFirstTurn({ sequence: 3 }), /is at place/]]],
  [
    'the context is legal',
    [
      [
        'an answer is missing',
        {
          calls: [
            firstCall,
            ...laterCalls.map((call) => ({
              ...call,
              context: call.context.filter(({ role }) => role === 'user'),
            })),
          ],
        },
        /illegal context/,
      ],
      [
        'another answer is shown than was stored',
        {
          calls: exampleCalls.map((call) => ({
            ...call,
            context: call.context.map((message) =>
              message.role === 'assistant' ? { ...message, content: '«1» ja ok ' } : message,
            ),
          })),
        },
        /stored before that turn/,
      ],
    ],
  ],
  [
    'streams are prefix-consistent',
    [
      [
        'a piece is missing between two connections',
        withSecondRequests(streamed, {
          ...resumed,
          connection: connectionOf({ attempt: 1, part: 1, offset: 4 }, [
            [1, 1, 10, { type: 'text-delta', text: 'so ' }],
            [1, 2, 0, { type: 'end', status: 'completed', finishReason: 'stop' }],
          ]),
        }),
        /shown/,
      ],
      [
        'another run goes on with the text of the one before',
        withSecondRequests(streamed, {
          ...resumed,
          connection: connectionOf({ attempt: 1, part: 1, offset: 4 }, [
            [2, 1, 10, { type: 'text-delta', text: '🙂 so ' }],
            [2, 2, 0, { type: 'end', status: 'completed', finishReason: 'stop' }],
          ]),
        }),
        /went on after/,
      ],
      [
        'an older run is shown after a newer one',
        withSecondRequests(
          {
            ...streamed,
            connection: connectionOf(undefined, [
              [0, 0, 0, { type: 'start', messageId: 'msg_a2', userMessageId: 'msg_u2' }],
              [2, 1, 0, { type: 'text-start' }],
            ]),
          },
          { ...resumed, connection: connectionOf(undefined, [...eventsOfAll()]) },
        ),
        /of run 1 after run 2/,
      ],
      [
        'something comes after the end',
        withSecondRequests({
          ...streamed,
          connection: connectionOf(undefined, [...eventsOfAll(), ...eventsOfEnd()]),
        }),
        /after the end/,
      ],
      ['a stream is malformed', withSecondRequests(streamed, { ...resumed, oddities: ['odd'] }), /odd/],
    ],
  ],
  [
    'every turn ends, in time',
    [
      ['one does not', withFirstTurn({ status: 'generating' }), /never ended/],
      ['one is late', withPromises({ endWithinMs: 2_499 }), /ended after 2500 ms/],
      [
        'one failed, and nothing was done to the model',
        withFirstTurn({ status: 'failed', errorCode: 'model_failed' }),
        /no model was harmed/,
      ],
    ],
  ],
  [
    'calls of the model are bounded',
    [
      [
        'a turn calls more often than its runs explain',
        { calls: [firstCall, firstCall, ...laterCalls] },
        /3 times; 2 are explained/,
      ],
      ['a turn is taken over again and again', withFirstTurn({ takeovers: 4 }), /was taken over 4 times/],
    ],
  ],
  [
    'retention deletes only chats in which nothing was said since it judged them',
    [
      [
        'a message was acknowledged after the judgement, and the chat was deleted',
        { ...withoutStored, judgements: [{ chat: 'chat_1', at: 900, isDeleted: true }] },
        /was acknowledged after retention judged chat_1/,
      ],
      [
        'a chat stays in which nothing was said since',
        { judgements: [{ chat: 'chat_1', at: 4_001, isDeleted: false }] },
        /still exists/,
      ],
      [
        'a client gets an error for a deleted chat, and the chat exists',
        {
          judgements: [{ chat: 'chat_1', at: 900, isDeleted: false }],
          ...withSecondRequests(
            { ...streamed, apiError: { status: 404, code: 'chat_not_found' } },
            streamed,
            resumed,
          ),
        },
        /said that the chat was deleted, but it exists/,
      ],
      [
        'something of a deleted chat is left',
        { judgements: [{ chat: 'chat_1', at: 5_000, isDeleted: true }] },
        /was deleted and still has 2 turns/,
      ],
      ['a chat that retention did not judge was deleted', { ...withoutStored }, /is lost/],
    ],
  ],
  [
    'a server runs no more answers at once than it may',
    [
      [
        'three run where two may',
        {
          calls: [
            firstCall,
            ...[2, 3, 4].map((number) => ({ ...firstCall, number, server: 'B', to: 9_000, isCut: false })),
          ],
        },
        /server B ran 3 answers at once; 2 may run/,
      ],
    ],
  ],
  [
    'an answer is stopped only where somebody asked for it',
    [['nobody was blocked', withFirstTurn({ status: 'stopped' }), /was stopped without a request/]],
  ],
  [
    'a rejection is no bug',
    [
      [
        'a server answers 500',
        withSecondRequests({ ...streamed, apiError: { status: 500, code: 'internal_error' } }, resumed),
        /refused with 500/,
      ],
      ['a server has trouble of its own', { troubles: ['it ended by itself'] }, /by itself/],
    ],
  ],
])('%s', (_, cases) => {
  test.each(cases)('%s', (_what, doctored, offence) => {
    expect(judge({ ...exampleCell, ...doctored }).join('\n')).toMatch(offence);
  });
});

test('the time in which a dependency of a turn is unreachable is not counted', () => {
  const late = { ...exampleCell, ...withPromises({ endWithinMs: 2_000 }) };
  expect(judge(late)).toHaveLength(1);
  expect(judge({ ...late, harms: [{ from: 1_050, to: 2_050, holdsUpTurns: true }] })).toEqual([]);
});

test('a chat whose retention is over may be deleted with the messages that were sent before', () => {
  const judgements = [{ chat: 'chat_1', at: 5_000, isDeleted: true }];
  expect(judge({ ...exampleCell, ...withoutStored, judgements })).toEqual([]);
});

function eventsOfAll() {
  return [
    [0, 0, 0, { type: 'start', messageId: 'msg_a2', userMessageId: 'msg_u2' }],
    [1, 1, 0, { type: 'text-start' }],
    [1, 1, 10, { type: 'text-delta', text: '«3» 🙂 so ' }],
    ...eventsOfEnd(),
  ] as const;
}

function eventsOfEnd() {
  return [
    [1, 2, 10, { type: 'text-end' }],
    [1, 2, 0, { type: 'end', status: 'completed', finishReason: 'stop' }],
  ] as const;
}
