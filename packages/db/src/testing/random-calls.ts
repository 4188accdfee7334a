import { answerIdOf, compact, compactAs, type Id, mintId, moreOf } from '@parley/contract';
import type { ChatAccess } from '../chat/chat-access.ts';
import type { SystemScope } from '../scope.ts';
import type { NewTurn } from '../turn/turn-records.ts';
import { completed, type EngineStores, failed, newAccess } from './store-case.ts';

/** A number in [0, 1), the same sequence each time. */
export type Chance = () => number;

/** Few objects of each kind, so that calls conflict. */
const TURNS = 5;
const TOKENS = ['a', 'b', 'c'] as const;
const PLACES = 4;

const DAY = '2026-11-25';
const RESERVATION = { day: DAY, tokens: 7 };
const OTHER_TEAM: SystemScope = { team: mintId('team') };
const SUMS = { from: DAY, to: DAY, groupBy: 'model' } as const;

interface Play {
  readonly stores: EngineStores;
  readonly scope: SystemScope;
  readonly access: ChatAccess;
  readonly chat: Id<'chat'>;
  readonly turns: readonly Id<'turn'>[];
  readonly integer: (max: number) => number;
  readonly token: () => string;
}

type Call = (play: Play) => Promise<unknown>;

/**
 * Calls the stores at random, with the same calls for the same random numbers. Returns the results, with names that
 * do not depend on the store: two stores with the same behavior give the same results.
 */
export async function playRandomCalls(
  stores: EngineStores,
  chance: Chance,
  count: number,
): Promise<string[]> {
  const scope: SystemScope = { team: mintId('team') };
  const access = await newAccess(stores, scope);
  const chat = access.chat.id;
  const turns = Array.from({ length: TURNS }, () => mintId('turn'));
  const integer = (max: number) => Math.floor(chance() * max);
  const token = () => TOKENS[integer(TOKENS.length)] ?? 'a';
  const play: Play = { stores, scope, access, chat, turns, integer, token };
  const names = new Map<string, string>([
    [scope.team, 'team'],
    [chat, 'chat'],
  ]);
  for (const [index, turn] of turns.entries()) {
    names.set(turn, `turn ${index}`);
    names.set(answerIdOf(turn), `answer ${index}`);
  }
  const answers: string[] = [];
  for (let index = 0; index < count; index++) {
    const [name, call] = calls[integer(calls.length)] ?? [];
    if (name && call) answers.push(`${name} ${write(await call(play), names)}`);
  }
  return answers;
}

const calls: readonly (readonly [string, Call])[] = [
  ['insert', (play) => play.stores.turns.insert(play.access, someTurn(play))],
  ['insert', (play) => play.stores.turns.insert(play.access, someTurn(play))],
  ['insert', (play) => play.stores.turns.insert(play.access, someTurn(play))],
  ['insertSome', (play) => some((id) => play.stores.turns.insert(play.access, turnOf(play, id)), play)],
  ['remove', (play) => play.stores.turns.remove(play.scope, anyId(play))],
  ['tail', ({ stores, access }) => stores.turns.tail(access)],
  [
    'readRunContext',
    ({ stores, scope, chat, integer }) => lookAt(stores, scope, chat, 1 + integer(PLACES), integer(60)),
  ],
  [
    'lookSome',
    ({ stores, scope, chat, integer }) =>
      Promise.all(
        [scope, OTHER_TEAM, scope].map((by) => lookAt(stores, by, chat, 1 + integer(PLACES), integer(60))),
      ),
  ],
  [
    'announce',
    ({ stores, scope, chat, integer }) => stores.turns.announceSuccessor(scope, chat, 1 + integer(PLACES)),
  ],
  ['claim', (play) => play.stores.turns.claim(play.scope, anyId(play), play.token())],
  [
    'claimNext',
    ({ stores, scope, chat, integer, token }) =>
      stores.turns.claimNext(scope, chat, 1 + integer(PLACES), token()),
  ],
  ['release', (play) => play.stores.turns.release(play.scope, anyId(play), play.token())],
  ['renew', (play) => renewSome(play)],
  ['end', (play) => endOne(play)],
  ['end', (play) => endOne(play)],
  ['endSome', (play) => some((id) => endOf(play, id), play)],
  ['cancel', (play) => play.stores.turns.cancel(play.access, anyId(play))],
  [
    'cancelOfUser',
    async ({ stores, scope }) => (await stores.turns.cancelOfUser(scope, 'user', TURNS)).sort(),
  ],
  ['cancelBefore', ({ stores, access, integer }) => stores.turns.cancelBefore(access, 1 + integer(PLACES))],
  ['reach', async ({ stores, chat }) => (await stores.chats.listReach([chat])).map(({ id }) => id)],
  [
    'grown',
    async ({ stores, chat, integer }) =>
      (await stores.turns.listGrown([{ chat, after: integer(PLACES) }])).map(({ sequence }) => sequence),
  ],
  ['states', async ({ stores, turns }) => sorted(await stores.turns.listStates(turns))],
  ['marks', async ({ stores, turns }) => sorted(await stores.turns.listMarks(turns))],
  ['replay', ({ stores, access, integer }) => stores.turns.findByIdempotencyKey(access, `key ${integer(3)}`)],
  ['state', (play) => play.stores.turns.findState(play.access, anyId(play))],
  ['after', ({ stores, access, integer }) => stores.turns.listAfter(access, integer(PLACES), 2)],
  ['find', (play) => play.stores.turns.find(play.access, anyId(play))],
  [
    'ended',
    ({ stores, scope, chat, integer }) => stores.turns.hasPredecessorEnded(scope, chat, 1 + integer(PLACES)),
  ],
  ['takeOver', (play) => takeOver(play)],
  ['saveToolSteps', (play) => saveToolSteps(play)],
  ['saveToolSteps', (play) => saveToolSteps(play)],
  ['raiseAttempt', (play) => raiseAttempt(play)],
  ['saveWait', (play) => saveWait(play)],
  ['count', (play) => play.stores.usage.count(play.turns.slice(play.integer(TURNS)))],
  ['unfinished', ({ stores, scope, integer }) => stores.turns.countUnfinished(scope, 1 + integer(PLACES))],
  [
    'reserve',
    ({ stores, scope, integer }) =>
      stores.budgets.reserve(scope, { ...RESERVATION, subject: scope.team }, integer(60)),
  ],
  ['sums', ({ stores, scope }) => stores.usage.list(scope, SUMS, { limit: 9 })],
  ['append', (play) => append(play)],
  ['append', (play) => append(play)],
  ['read', (play) => play.stores.turnLog.read(play.scope, anyId(play), 1 + play.integer(2), play.integer(7))],
  ['removeLog', (play) => play.stores.turnLog.remove(play.scope, anyId(play))],
];

function anyId({ turns, integer }: Play): Id<'turn'> {
  return turns[integer(TURNS)] ?? mintId('turn');
}

/** Another id with the same random part. */
function questionIdOf(turn: Id<'turn'>): Id<'message'> {
  return `${answerIdOf(turn)}q`;
}

/** Does something with two or three turns at the same time. */
function some<Result>(
  act: (id: Id<'turn'>) => Promise<Result>,
  { turns, integer }: Pick<Play, 'turns' | 'integer'>,
): Promise<Result[]> {
  const from = integer(TURNS - 2);
  return Promise.all(turns.slice(from, from + 2 + integer(2)).map(act));
}

function someTurn(play: Play): NewTurn {
  return turnOf(play, anyId(play));
}

function turnOf(play: Play, id: Id<'turn'>): NewTurn {
  const { chat, integer, token } = play;
  const createdAt = new Date(1_000);
  const userMessage = { id: questionIdOf(id), role: 'user', content: `q${integer(9)}`, createdAt } as const;
  const isRetry = integer(4) === 0;
  return compactAs<NewTurn>({
    id,
    chat,
    sequence: 1 + integer(PLACES),
    question: isRetry ? { retryOf: { turn: anyId(play), userMessageId: userMessage.id } } : { userMessage },
    answerId: answerIdOf(id),
    createdAt,
    lease: integer(2) === 0 ? { token: token(), attempt: 1, renewals: 0 } : undefined,
    reservations: integer(2) === 0 ? [{ ...RESERVATION, subject: play.scope.team }] : undefined,
    spender: integer(2) === 0 ? { key: 'key_of_random_calls', user: 'user' } : undefined,
    idempotency: integer(3) === 0 ? { key: `key ${integer(3)}`, body: 'b' } : undefined,
    ...{ parent: undefined, path: undefined, origin: undefined },
  });
}

async function lookAt(
  { turns }: EngineStores,
  scope: SystemScope,
  chat: Id<'chat'>,
  place: number,
  bytes: number,
) {
  const { chat: found, history, ...view } = await turns.readRunContext(scope, chat, place, bytes);
  return { ...view, chat: found?.chat.id, history: history.map(({ role, content }) => ({ role, content })) };
}

function renewSome(play: Play): Promise<string[]> {
  const { stores, turns, token } = play;
  return stores.turns.renew(turns.slice(play.integer(TURNS)).map((turn) => ({ turn, token: token() })));
}

function endOne(play: Play): Promise<unknown> {
  return endOf(play, anyId(play));
}

function endOf(play: Play, id: Id<'turn'>): Promise<unknown> {
  const { stores, scope, chat, integer, token } = play;
  const turn = { id, chat, answerId: answerIdOf(id) } as NewTurn;
  const end = completed(turn, `a${integer(9)}`, integer(100));
  const answer = end.answer && { ...end.answer, createdAt: new Date(2_000) };
  const ends = [
    { ...compact({ ...end, answer }), account: { agent: 'agent_x', day: DAY } },
    failed,
    { ...failed, written: { attempt: 1, text: 'half' } },
    { ...failed, written: { attempt: 1, text: 'half', tape: `half${moreOf('reasoning', 'r', 'text')}` } },
    { status: 'stopped', textBytes: integer(100) },
  ] as const;
  return stores.turns.end(scope, id, token(), ends[integer(ends.length)] ?? failed);
}

async function takeOver(play: Play): Promise<unknown> {
  const { stores, scope, integer, token } = play;
  const seen = { token: token(), attempt: 1, renewals: integer(2) };
  return stores.turns.takeOver(scope, anyId(play), seen, token());
}

function saveToolSteps(play: Play): Promise<unknown> {
  const { stores, scope, integer, token } = play;
  const call = compact({ id: 'c', name: 'n', arguments: '{}', result: integer(2) === 0 ? 'r' : undefined });
  return stores.turns.saveToolSteps(scope, anyId(play), token(), [{ text: `t${integer(9)}`, calls: [call] }]);
}

function raiseAttempt(play: Play): Promise<unknown> {
  const { stores, scope, integer, token } = play;
  return stores.turns.raiseAttempt(scope, anyId(play), token(), 1 + integer(4));
}

function saveWait(play: Play): Promise<unknown> {
  const { stores, scope, integer, token } = play;
  const wait = { attempt: 1 + integer(3), until: new Date(integer(9)) };
  return stores.turns.saveWait(scope, anyId(play), token(), wait);
}

function append(play: Play): Promise<void> {
  const { stores, scope, integer } = play;
  const pieces = Array.from({ length: 1 + integer(2) }, () => {
    const to = 1 + integer(6);
    return {
      turn: anyId(play),
      team: scope.team,
      attempt: 1 + integer(2),
      to,
      text: 'abcdef'.slice(integer(to), to),
    };
  });
  return stores.turnLog.append(pieces);
}

function sorted(marks: readonly { readonly id: string }[]): unknown {
  return marks.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** As text, with keys in a fixed order. */
function write(value: unknown, names: ReadonlyMap<string, string>): string {
  const text = JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner) && !(inner instanceof Date)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
  return [...names].reduce((written, [id, name]) => written.replaceAll(id, name), text ?? 'nothing');
}
