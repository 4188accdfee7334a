import { ApiError, limits, mintId } from '@parley/contract';
import type { CredentialIds, CredentialView } from '@parley/db';
import type { TRPCError } from '@trpc/server';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Caller } from '../caller.ts';
import { OpenStreams } from './open-streams.ts';

/* The time that streams continue without a check of their credentials, on a clock that the test moves. */

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance', 'Date'] }));
afterEach(() => void vi.useRealTimers());

const SECOND = 1_000;
const BOUND = limits.streamUncheckedMaxMs;

const caller: Caller = {
  key: mintId('key'),
  familyId: mintId('key'),
  issuers: [],
  kind: 'secret',
  scope: { team: mintId('team') },
  as: { role: 'team' },
  limits: { budgets: [] },
};

/** The credentials of every stream, all of them good. */
const allGood = ({ keys }: CredentialIds): CredentialView => ({
  keys: new Map(keys.map((id) => [id, { kind: 'secret' }])),
  secrets: new Map(),
  guests: new Set(),
  issuers: new Map(),
  statusOf: () => ({}),
});

const codeOf = ({ cause }: TRPCError) => (cause instanceof ApiError ? cause.code : undefined);

type Read = (ids: CredentialIds) => Promise<CredentialView>;

/** A stream without events, and the error that ended it, if any. */
function openStream() {
  let read: Read = async (ids) => allGood(ids);
  const streams = new OpenStreams({ credentials: { read: (ids) => read(ids) } });
  const origin = { origin: undefined, isOwnPage: false };
  const stream = streams.open({ caller, kind: 'chat', client: undefined, origin });
  const silent = (async function* (): AsyncGenerator<never, void, undefined> {
    await new Promise(() => undefined);
  })();
  const end: { code?: string | undefined } = {};
  stream
    .guard(silent, (event) => event)
    .next()
    .catch((error: TRPCError) => {
      end.code = codeOf(error);
    });
  return {
    end,
    /** Sets how credentials are read from now on. */
    readBy: (next: Read) => {
      read = next;
    },
  };
}

const unreachable: readonly (readonly [string, Read])[] = [
  ['rejects every read', () => Promise.reject(new ApiError('database_unavailable'))],
  ['answers no read', () => new Promise(() => undefined)],
];

test.each(unreachable)(
  'a stream ends at most 30 s after its last good check, and not much sooner, when the database %s',
  async (_how, read) => {
    const { end, readBy } = openStream();
    // Checks begin half a second after the stream, and then every two seconds.
    await vi.advanceTimersByTimeAsync(10.6 * SECOND);
    readBy(read);
    const lastCheckAt = 10.5 * SECOND;
    await vi.advanceTimersByTimeAsync(lastCheckAt + BOUND - SECOND - 10.6 * SECOND);
    expect(end.code).toBeUndefined();
    await vi.advanceTimersByTimeAsync(SECOND);
    expect(end.code).toBe('database_unavailable');
    expect(BOUND).toBe(30 * SECOND);
  },
);

test('a stream with withdrawn credentials ends after half a second if it is new, and after two otherwise', async () => {
  const revoked: Read = async (ids) => ({ ...allGood(ids), keys: new Map() });
  const older = openStream();
  await vi.advanceTimersByTimeAsync(10.6 * SECOND);
  older.readBy(revoked);
  const newer = openStream();
  newer.readBy(revoked);
  await vi.advanceTimersByTimeAsync(0.5 * SECOND);
  expect([older.end.code, newer.end.code]).toEqual([undefined, 'unauthorized']);
  await vi.advanceTimersByTimeAsync(1.5 * SECOND);
  expect(older.end.code).toBe('unauthorized');
});

test('a stream continues when the database answers again in time', async () => {
  const { end, readBy } = openStream();
  readBy(() => Promise.reject(new ApiError('database_unavailable')));
  await vi.advanceTimersByTimeAsync(BOUND - 2 * SECOND);
  readBy(async (ids) => allGood(ids));
  await vi.advanceTimersByTimeAsync(10 * BOUND);
  expect(end.code).toBeUndefined();
});

/** Streams whose sources report at the same time that their chat was deleted, and the codes that their readers get. */
async function codesOfDeletedChats(view: (ids: CredentialIds) => CredentialView) {
  const read = vi.fn(async (ids: CredentialIds) => view(ids));
  const streams = new OpenStreams({ credentials: { read } });
  const origin = { origin: undefined, isOwnPage: false };
  const readers = [1, 2, 3].map(() => {
    const deleted = (async function* (): AsyncGenerator<never, void, undefined> {
      yield await Promise.reject<never>(new ApiError('chat_not_found'));
    })();
    return streams
      .open({ caller, kind: 'chat', client: undefined, origin })
      .guard(deleted, (event) => event)
      .next()
      .catch(codeOf);
  });
  const codes = await Promise.all(readers);
  expect(read).toHaveBeenCalledTimes(1);
  expect(streams.size).toBe(0);
  return new Set(codes);
}

test('streams whose caller lost the chat end with that reason, not with the deletion of the chat', async () => {
  expect(await codesOfDeletedChats(allGood)).toEqual(new Set(['chat_not_found']));
  const revoked = (ids: CredentialIds) => ({ ...allGood(ids), keys: new Map() });
  expect(await codesOfDeletedChats(revoked)).toEqual(new Set(['unauthorized']));
});

test('streams of a deleted chat end with chat_not_found when credentials cannot be read', async () => {
  const unreachable = (): CredentialView => {
    throw new ApiError('database_unavailable');
  };
  expect(await codesOfDeletedChats(unreachable)).toEqual(new Set(['chat_not_found']));
});

test('an IPv6 /48 can open four times the streams of one of its addresses, and an unnamed proxy those of each share', () => {
  const credentials = { read: async (ids: CredentialIds) => allGood(ids) };
  const streams = new OpenStreams({ credentials, limits: { perAddress: 2 } });
  const origin = { origin: undefined, isOwnPage: false };
  const visitor: Caller = {
    ...caller,
    kind: 'publishable',
    as: { role: 'anonymous', canBecomeGuest: false },
  };
  const open = (text: string, share?: number) => {
    const client = { text, isUnnamedProxy: share !== undefined, ...(share !== undefined && { share }) };
    streams.open({ caller: visitor, kind: 'chat', client, origin });
  };
  const tooMany = new ApiError('too_many_streams');
  for (let network = 0; network < 4; network++) {
    const text = `2001:db8:1:${network}::/64`;
    open(text);
    open(text);
    expect(() => open(text)).toThrow(tooMany);
  }
  expect(() => open('2001:db8:1:5::/64')).toThrow(tooMany);
  open('2001:db8:2:5::/64');
  for (const share of [0, 1]) {
    open('10.0.0.1', share);
    open('10.0.0.1', share);
    expect(() => open('10.0.0.1', share)).toThrow(tooMany);
  }
  expect(streams.size).toBe(13);
});
