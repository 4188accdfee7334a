import { ApiError, isId } from '@parley/contract';
import type { NewAuditEntry } from '@parley/db';
import type { z } from 'zod';
import { apiErrorOf, toTrpcError } from './api-error-of.ts';
import { beginAuditedAction, createdIdOf, keyLimitsOf, targetOf } from './audit/begin-act.ts';
import { authorize } from './authorize.ts';
import type { Caller } from './caller.ts';
import { type ChatNotFound, findChat } from './chat/find-chat.ts';
import type { RequestContext, Services } from './context.ts';
import { issuerFor, type ProcedureStores } from './credentials/issuers.ts';
import { type AuditEntryOfRequest, auditEntryOf, noteEscalation } from './credentials/note-escalation.ts';
import { toIdempotency } from './idempotency.ts';
import { type Policy, policyOf } from './policies.ts';
import type { StreamKind } from './streams/open-stream.ts';
import { t } from './trpc.ts';
import { turnRequesterOf } from './turn-requester.ts';

/**
 * The base of all procedures. Before the input is validated, it authenticates the caller, authorizes them by the policy
 * of the procedure, and rejects input that is too complex. Acts that are audited get their entry before they begin.
 * An `ApiError` that is thrown by the procedure becomes a tRPC error with its status.
 */
export const procedure = t.procedure.use(async ({ ctx: { request }, path, type, getRawInput, next }) => {
  try {
    const caller = await request.caller();
    const { stores, turns } = request.services;
    const { scope } = caller;
    const policy = policyOf(path);
    const auditEntry = auditEntryOf(caller, request.requestId, request.address());
    const note = (error: unknown) =>
      noteEscalation(stores.audit, caller, auditEntry, { procedure: path, error });
    try {
      authorize(caller, policy);
    } catch (error) {
      await note(error);
      throw error;
    }
    await request.checkInput(getRawInput);
    const endAct =
      type === 'mutation' && isAudited(policy, caller)
        ? await beginAuditedAction(stores.audit, scope, await actOf(auditEntry, path, getRawInput))
        : undefined;
    const issuerOf = issuerFor(stores, caller, path, policy.credential);
    const services: Omit<Services, 'stores'> = request.services;
    const result = await next({
      ctx: { services, stores: stores as ProcedureStores, turns, caller, scope, auditEntry, issuerOf },
    });
    if (result.ok) {
      await endAct?.({ target: createdIdOf(result.data), details: keyLimitsOf(result.data) });
      return result;
    }
    const apiError = apiErrorOf(result.error);
    await endAct?.(apiError);
    await note(apiError);
    if (result.error.cause instanceof ApiError) throw toTrpcError(apiError);
    return result;
  } catch (error) {
    throw error instanceof ApiError ? toTrpcError(error) : error;
  }
});

/** Administrative acts are audited, and those of a key on chats that may belong to users. */
function isAudited({ callers, isAuditedForTeams }: Policy, { as }: Caller): boolean {
  return callers === 'secret' || (isAuditedForTeams === true && as.role === 'team');
}

/**
 * The base of subscriptions. The stream counts as open, and ends when the credentials of its caller are no longer
 * valid. The procedure answers with `stream.guard`, whose source ends when `stream.signal` aborts.
 */
export const streamProcedure = (kind: StreamKind) =>
  procedure.use(async ({ ctx, next }) => {
    const stream = await ctx.request.openStream(kind);
    const result = await next({ ctx: { stream } });
    if (!result.ok || !stream.isGuarded) stream.close();
    if (result.ok && !stream.isGuarded) throw new Error('a subscription must answer with `stream.guard`');
    return result;
  });

/** For requests that create an object. The context gets the idempotency of the request, if it has a key. */
export const idempotentProcedure = procedure.use(async ({ ctx, path, getRawInput, next }) =>
  next({ ctx: { idempotency: await idempotencyOf(ctx, path, getRawInput) } }),
);

/** The schema of an input that names a chat. */
type NamesChat = z.ZodType<{ chatId: string }>;

/**
 * For requests about one chat. The chat is read once, in the caller's scope. The context gets it as the proof of
 * access that stores and turns require.
 */
export const chatProcedure = <Input extends NamesChat>(input: Input, notFound?: ChatNotFound) =>
  procedure.input(input).use(async ({ ctx, input: { chatId }, next }) => {
    const chat = await findChat(ctx.stores.chats.find, ctx.scope, chatId, notFound);
    return next({ ctx: { chat } });
  });

/** For subscriptions about one chat, which is read as by `chatProcedure` unless the request has read it already. */
export const chatStreamProcedure = <Input extends NamesChat>(
  kind: StreamKind,
  input: Input,
  notFound?: ChatNotFound,
) =>
  streamProcedure(kind)
    .input(input)
    .use(async ({ ctx, input: { chatId }, next }) => {
      const { stores, scope, request } = ctx;
      const read = request.chatOfRequest.find(scope, chatId);
      const chat = read ?? (await findChat(stores.chats.find, scope, chatId, notFound));
      return next({ ctx: { chat } });
    });

/**
 * Finds the turn of an earlier request with the same key, before the input is validated: a repeated request gets the
 * same outcome, even if this release would reject its input.
 */
const replaying = procedure.use(async ({ ctx, path, getRawInput, next }) => {
  const { stores, turns, scope, caller, services, request } = ctx;
  const idempotency = await idempotencyOf(ctx, path, getRawInput);
  const chatId = idempotency && chatIdOf(await getRawInput());
  const found = chatId && (await stores.chats.find(scope, chatId));
  const replayed = found && (await turns.findByIdempotencyKey(found, idempotency));
  if (replayed) request.markReplayed();
  const requestedBy = replayed
    ? undefined
    : await turnRequesterOf(stores.teams, services, caller, request.client());
  return next({
    ctx: { idempotency, found: found || undefined, replayed: replayed || undefined, requestedBy },
  });
});

/** For requests that begin a turn in a chat. The chat is read once, as by `chatProcedure`. */
export const turnProcedure = <Input extends NamesChat>(input: Input, notFound?: ChatNotFound) =>
  replaying.input(input).use(async ({ ctx, input: { chatId }, next }) => {
    const { found, turns, scope, idempotency, requestedBy, request } = ctx;
    // A rejected request reads no chat. A request with an idempotency key may repeat an accepted one, so it is
    // checked later.
    if (!idempotency && requestedBy) turns.assertRoom(scope, requestedBy);
    // Without an idempotency key the request repeats no stored answer, and the run of its turn reads the chat again
    // first.
    const chat = found ?? (await findChat(turns.findChat, scope, chatId, notFound));
    request.chatOfRequest.remember(scope, chat);
    return next({ ctx: { chat } });
  });

/**
 * For requests that create a chat. The context gets the chat that an earlier request with the same key created.
 *
 * @throws ApiError `chat_not_found` if that chat was deleted since; `idempotency_key_reused`
 */
export const newChatProcedure = procedure.use(async ({ ctx, path, getRawInput, next }) => {
  const idempotency = await idempotencyOf(ctx, path, getRawInput);
  const earlier = idempotency && (await ctx.stores.chats.findByIdempotencyKey(ctx.scope, idempotency.key));
  if (earlier && earlier.body !== idempotency.body) throw new ApiError('idempotency_key_reused');
  if (earlier) ctx.request.markReplayed();
  if (earlier && !earlier.chat) throw new ApiError('chat_not_found');
  return next({ ctx: { idempotency, replayed: earlier?.chat } });
});

/** Returns the audit entry of an act, with the id of its target if the input names one. */
async function actOf(
  entry: AuditEntryOfRequest,
  action: string,
  getRawInput: () => Promise<unknown>,
): Promise<NewAuditEntry> {
  const target = targetOf(await getRawInput());
  return { ...entry, action, ...(target !== undefined && { target }) };
}

async function idempotencyOf(
  { request, caller }: { readonly request: RequestContext; readonly caller: Caller },
  path: string,
  getRawInput: () => Promise<unknown>,
) {
  const { idempotencyKey } = request;
  if (idempotencyKey === undefined) return undefined;
  return toIdempotency(caller, path, idempotencyKey, await getRawInput());
}

function chatIdOf(input: unknown) {
  if (typeof input !== 'object' || input === null || !('chatId' in input)) return undefined;
  const { chatId } = input;
  return typeof chatId === 'string' && isId('chat', chatId) ? chatId : undefined;
}
