import { ApiError, isId } from '@parley/contract';
import type { z } from 'zod';
import { apiErrorOf, toTrpcError } from './api-error-of.ts';
import { beginAct, createdIdOf, keyLimitsOf, targetOf } from './audit/begin-act.ts';
import { authorize } from './authorize.ts';
import type { Caller } from './caller.ts';
import { type ChatNotFound, findChat } from './chat/find-chat.ts';
import type { Context } from './context.ts';
import { issuerFor, type ProcedureStores } from './credentials/issuers.ts';
import { auditEntryOf, noteEscalation } from './credentials/note-escalation.ts';
import { toIdempotency } from './idempotency.ts';
import { type Policy, policyOf } from './policies.ts';
import { rejectingInStream } from './rejecting-in-stream.ts';
import type { StreamKind } from './streams/open-stream.ts';
import { t } from './trpc.ts';
import { turnRequesterOf } from './turn-requester.ts';

/** ApiErrors thrown anywhere below become tRPC errors with the right status. */
const rejecting = t.procedure.use(async ({ next }) => {
  const result = await next();
  if (!result.ok && result.error.cause instanceof ApiError) throw toTrpcError(apiErrorOf(result.error));
  return result;
});

/** Proves who calls, and that they may ask for this, before the input is looked at; then, that it is not too much. */
const authenticated = rejecting.use(async ({ ctx, path, getRawInput, next }) => {
  const caller = await ctx.caller();
  const { stores, ...services } = ctx.services;
  const { scope } = caller;
  const policy = policyOf(path);
  const auditEntry = auditEntryOf(caller, ctx.requestId, ctx.address());
  const note = (error: unknown) =>
    noteEscalation(stores.audit, caller, auditEntry, { procedure: path, error });
  try {
    authorize(caller, policy);
  } catch (error) {
    await note(error);
    throw error;
  }
  await ctx.checkInput(getRawInput);
  const issuerOf = issuerFor(stores, caller, path, policy.credential);
  const result = await next({
    ctx: { ...services, stores: stores as ProcedureStores, caller, scope, auditEntry, issuerOf },
  });
  if (!result.ok) await note(apiErrorOf(result.error));
  return result;
});

/** For whoever the policy names. What servers change in their team is noted in the audit log, before it is done. */
export const procedure = authenticated.use(async ({ ctx, path, type, getRawInput, next }) => {
  if (type !== 'mutation' || !isAudited(policyOf(path), ctx.caller)) return next();
  const target = targetOf(await getRawInput());
  const entry = { ...ctx.auditEntry, action: path, ...(target !== undefined && { target }) };
  const end = await beginAct(ctx.stores.audit, ctx.scope, entry);
  const result = await next();
  if (result.ok) await end({ target: createdIdOf(result.data), details: keyLimitsOf(result.data) });
  else await end(apiErrorOf(result.error));
  return result;
});

/** What administers, and what a key does to chats that may be its users'. */
function isAudited({ callers, isAuditedForTeams }: Policy, { as }: Caller): boolean {
  return callers === 'secret' || (isAuditedForTeams === true && as.role === 'team');
}

/**
 * For subscriptions: the one way to answer with a stream. The stream has its place among those that are open, and
 * ends with what the caller was let in with; the procedure feeds it for as long as `stream.signal` lasts.
 */
const streamProcedure = (kind: StreamKind) =>
  procedure.use(async ({ ctx, next }) => {
    const stream = await ctx.openStream(kind);
    const result = await next({ ctx: { stream } });
    if (!result.ok) {
      stream.close();
      return result;
    }
    const events = result.data as AsyncGenerator<unknown, void, undefined>;
    return { ...result, data: rejectingInStream(stream.guard(events)) };
  });

/** For requests that create: their `Idempotency-Key`, if they have one. It is looked at before the input is. */
const keyed = authenticated.use(async ({ ctx, path, getRawInput, next }) =>
  next({ ctx: { idempotency: await idempotencyOf(ctx, path, getRawInput) } }),
);

/** For requests that create what costs nothing. */
export const idempotentProcedure = procedure.use(async ({ ctx, path, getRawInput, next }) =>
  next({ ctx: { idempotency: await idempotencyOf(ctx, path, getRawInput) } }),
);

/** An input that names a chat. */
type NamesChat = z.ZodType<{ chatId: string }>;

/**
 * For what is about one chat: reads it once, in the caller's scope, and hands it on as the proof that stores and turns
 * ask for.
 */
export const chatProcedure = <Input extends NamesChat>(input: Input, notFound?: ChatNotFound) =>
  procedure.input(input).use(async ({ ctx, input: { chatId }, next }) => {
    const chat = await findChat(ctx.stores.chats.find, ctx.scope, chatId, notFound);
    return next({ ctx: { chat } });
  });

/** For subscriptions that are about one chat, which is read as by `chatProcedure`. */
export const chatStreamProcedure = <Input extends NamesChat>(
  kind: StreamKind,
  input: Input,
  notFound?: ChatNotFound,
) =>
  streamProcedure(kind)
    .input(input)
    .use(async ({ ctx, input: { chatId }, next }) => {
      const chat = await findChat(ctx.stores.chats.find, ctx.scope, chatId, notFound);
      return next({ ctx: { chat } });
    });

/** The turn that an earlier request with the same key began is found before all else, the input's check included. */
const replaying = keyed.use(async ({ ctx, getRawInput, next }) => {
  const { stores, turns, scope, idempotency } = ctx;
  const chatId = idempotency && chatIdOf(await getRawInput());
  const found = chatId && (await stores.chats.find(scope, chatId));
  const replayed = found && (await turns.findByIdempotencyKey(found, idempotency));
  if (replayed) ctx.markReplayed();
  const requestedBy = replayed ? undefined : await turnRequesterOf(ctx, ctx.caller, ctx.client());
  return next({ ctx: { found: found || undefined, replayed: replayed || undefined, requestedBy } });
});

/** For requests that begin a turn in a chat, which is read as by `chatProcedure`. */
export const turnProcedure = <Input extends NamesChat>(input: Input, notFound?: ChatNotFound) =>
  replaying.input(input).use(async ({ ctx: { found, turns, scope }, input: { chatId }, next }) => {
    // Without a key nothing is told of the chat before the turn's own run has read it again.
    const chat = found ?? (await findChat(turns.findChat, scope, chatId, notFound));
    return next({ ctx: { chat } });
  });

/** For requests that make a chat: likewise. One that was deleted since is not made again. */
export const newChatProcedure = keyed.use(async ({ ctx, next }) => {
  const { stores, scope, idempotency } = ctx;
  const replayed = idempotency && (await stores.chats.findByIdempotencyKey(scope, idempotency.key));
  if (replayed && replayed.body !== idempotency.body) throw new ApiError('idempotency_key_reused');
  if (replayed) ctx.markReplayed();
  if (replayed && !replayed.chat) throw new ApiError('chat_not_found');
  return next({ ctx: { replayed: replayed?.chat } });
});

async function idempotencyOf(
  { idempotencyKey, caller }: Pick<Context, 'idempotencyKey'> & { readonly caller: Caller },
  path: string,
  getRawInput: () => Promise<unknown>,
) {
  if (idempotencyKey === undefined) return undefined;
  return toIdempotency(caller, path, idempotencyKey, await getRawInput());
}

function chatIdOf(input: unknown) {
  if (typeof input !== 'object' || input === null || !('chatId' in input)) return undefined;
  const { chatId } = input;
  return typeof chatId === 'string' && isId('chat', chatId) ? chatId : undefined;
}
