export { rateHeaders, replayedHeader, responseMeta } from './answer-headers.ts';
export { apiErrorOf, toTrpcError } from './api-error-of.ts';
export { type AppRouter, appRouter } from './app-router.ts';
export type { Caller, CallerIdentity } from './caller.ts';
export { chatMarkdown } from './chat/chat-markdown.ts';
export {
  type Context,
  createContext,
  type HostedRequest,
  type OnLargeList,
  type Services,
  type TurnLimits,
} from './context.ts';
export type { Eraser } from './deletion/erase.ts';
export { expireChats, RetentionProgress } from './deletion/expire-chats.ts';
export { DeletionProgress, finishDeletions } from './deletion/finish-deletions.ts';
export { fileContent } from './file/file-content.ts';
export { bodyBoundsOf } from './gate/body-bounds.ts';
export { type ClientAddress, countedNetworks, shareOf, widerNetwork } from './gate/client-address.ts';
export { Gate } from './gate/gate.ts';
export { rejectComplexJson } from './gate/json-bounds.ts';
export { RateLimiter, type RateLimits, type RateVerdict } from './gate/rate-limiter.ts';
export { GuestNetworks } from './guest/guest-networks.ts';
export { LargeLists, largeListBounds } from './large-list/large-lists.ts';
export { loadOnce } from './load-once.ts';
export { failedAnswer } from './message/failed-answer.ts';
export { findRunningAnswer } from './message/running-answer.ts';
export { nodeRequest } from './node-request.ts';
export { buildOpenApiDocument } from './openapi-document.ts';
export { type IsOwnOrigin, isLoopbackHost, ownOrigins } from './own-origins.ts';
export { type IssuedCredential, type Policy, policies } from './policies.ts';
export { requestHeaders } from './request-headers.ts';
export { type RestOperation, restOperations } from './rest-operations.ts';
export { type StreamOperation, streamOperations } from './stream-operations.ts';
export type { StreamKind } from './streams/open-stream.ts';
export { OpenStreams, type StreamLimits, type StreamTimes } from './streams/open-streams.ts';
export { createKeySets, type KeySets } from './token-issuer/key-sets.ts';
export { type ProcedureMeta, t } from './trpc.ts';
export { signUserToken } from './user-token.ts';
