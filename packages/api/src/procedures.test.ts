import { followChatInputSchema, mintId } from '@parley/contract';
import type { ChatAccess, CredentialIds, Scope, Stores } from '@parley/db';
import { accessTo } from '@parley/db/testing';
import { expect, test } from 'vitest';
import type { Caller } from './caller.ts';
import { ChatOfRequest } from './chat/chat-of-request.ts';
import type { RequestContext } from './context.ts';
import { chatStreamProcedure } from './procedures.ts';
import type { OpenStream } from './streams/open-stream.ts';
import { OpenStreams } from './streams/open-streams.ts';
import { t } from './trpc.ts';

const scope: Scope = { team: mintId('team') };
const caller: Caller = {
  ...{ key: mintId('key'), familyId: mintId('key'), issuers: [], kind: 'secret', scope },
  ...{ as: { role: 'team' }, limits: { budgets: [] } },
};
const chatId = mintId('chat');

/** A chat stream whose procedure answers with these events, in place of `chat.follow`, and how it was opened. */
function follow(events: (stream: OpenStream) => AsyncGenerator<string, void, undefined>) {
  const procedure = chatStreamProcedure('chat', followChatInputSchema).subscription(({ ctx: { stream } }) =>
    events(stream),
  );
  const streams = new OpenStreams({
    credentials: { read: (ids: CredentialIds) => Promise.reject(new Error(`not read: ${ids.keys.length}`)) },
  });
  const origin = { origin: undefined, isOwnPage: false };
  const access = accessTo(scope, {
    id: chatId,
    team: scope.team,
    agent: mintId('agent'),
    createdAt: new Date(),
  });
  const stores = { chats: { find: async (): Promise<ChatAccess | undefined> => access } };
  const context: Partial<RequestContext> = {
    services: { stores: stores as unknown as Stores } as unknown as RequestContext['services'],
    requestId: mintId('request'),
    chatOfRequest: new ChatOfRequest(),
    address: () => undefined,
    caller: async () => caller,
    checkInput: async () => undefined,
    openStream: async (kind) => streams.open({ caller, kind, client: undefined, origin }),
  };
  const router = t.router({ chat: t.router({ follow: procedure }) });
  const call = t
    .createCallerFactory(router)({ request: context as RequestContext })
    .chat.follow({ chatId });
  return { call, streams };
}

async function* someEvents() {
  yield 'event';
}

test('a subscription that answers without `stream.guard` is rejected, and its stream is closed', async () => {
  const { call, streams } = follow(someEvents);
  await expect(call).rejects.toThrow('a subscription must answer with `stream.guard`');
  expect(streams.size).toBe(0);
});

test('a subscription that answers with `stream.guard` yields its events, and its stream is open meanwhile', async () => {
  const { call, streams } = follow((stream) => stream.guard(someEvents(), (event) => event));
  const events = await call;
  expect(streams.size).toBe(1);
  expect(await Array.fromAsync(events as AsyncIterable<string>)).toEqual(['event']);
  expect(streams.size).toBe(0);
});
