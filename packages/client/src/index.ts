export type { AppRouter } from '@parley/api';
export { createParley } from './create-parley.ts';
export type { Exchange } from './exchange.ts';
export { exclusively } from './exclusively.ts';
export type { ExportFormat } from './export-chat.ts';
export type { UploadOptions } from './files.ts';
export { type GuestTokenSource, guestToken } from './guest-token.ts';
export type { CallContext } from './links.ts';
export type {
  ApiKeySource,
  ChatConnection,
  ChatView,
  DeferredDeletes,
  FollowedChat,
  FollowedChats,
  FollowedList,
  Outbox,
  Parley,
  ParleyOptions,
  UserTokenSource,
} from './parley.ts';
export { type FieldIssue, isRetryable, ParleyError, toParleyError } from './parley-error.ts';
export type { Send, SendState, SendStorage, SentFile } from './send.ts';
export { toTranscript } from './to-transcript.ts';
export type { AnswerEntry, Siblings, TranscriptEntry, UserEntry } from './transcript-entry.ts';
export { type TranscriptEvent, transcriptReducer } from './transcript-reducer.ts';
export { emptyTranscript, type TranscriptState } from './transcript-state.ts';
