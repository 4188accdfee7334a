import { ApiError, answerSchema, createMessageInputSchema, type ErrorCode } from '@parley/contract';
import { turnProcedure } from '../procedures.ts';
import { answerOfAccepted, awaitAnswer } from './await-answer.ts';
import { findMessageFiles } from './message-files.ts';
import { settingsReader } from './show-answer.ts';

/** The errors with which a turn can be rejected, or can fail. */
export const turnErrors: readonly ErrorCode[] = [
  'chat_not_found',
  'chat_full',
  'agent_not_found',
  'model_failed',
  'model_refused',
  'model_key_refused',
  'model_not_found',
  'model_unreachable',
  'model_rate_limited',
  'interrupted',
  'model_timeout',
  'answer_pending',
  'model_not_configured',
  'model_loading',
  'draining',
  'idempotency_key_reused',
  'budget_exhausted',
  'too_many_turns',
  'too_many_streams',
  'overloaded',
];

const EMPTY = { path: 'content', message: 'must have at least 1 character(s)' };

/** The errors with which a new version of a message or answer can be rejected. */
export const versionErrors: readonly ErrorCode[] = ['chat_busy', 'too_many_versions', 'versions_unavailable'];

/** `message.create`: sends a message, and returns the answer, or only its id with `wait: false`. */
export const createMessage = turnProcedure(createMessageInputSchema)
  .meta({
    openapi: {
      method: 'POST',
      path: '/chat/{chatId}/message',
      operationId: 'createMessage',
      tags: ['Messages'],
      summary: 'Send a message',
      description:
        "Sends a user's message and waits for the agent's answer. The message is stored before the model is " +
        'called, and disconnecting does not stop the answer. An error with `messageId` occurred after the message ' +
        'was accepted: the list contains the message, and its answer if there is one. The request waits for up to ' +
        'ten minutes without sending anything. Behind a proxy, stream the answer with `Accept: ' +
        'text/event-stream`, or send `wait: false` and follow the chat.',
    },
    errors: [
      ...turnErrors,
      ...versionErrors,
      'queue_full',
      'message_not_found',
      'file_not_found',
      'file_in_use',
      'file_not_accepted',
    ],
    isIdempotent: true,
    canStream: true,
  })
  .output(answerSchema)
  .mutation(async ({ ctx, input: { content, files, onBusy = 'enqueue', wait = true, replaces, after } }) => {
    const { stores, turns, chat, replayed, requestedBy, idempotency, request } = ctx;
    if (content === '' && !files) throw new ApiError('invalid_input', { issues: [EMPTY] });
    const named = files && !replayed ? await findMessageFiles(stores, chat, files) : undefined;
    const message = {
      content,
      ...(named && { files: named }),
      ...{ onBusy, replaces, after },
      ...(idempotency && { idempotency }),
      ...(requestedBy && { requestedBy }),
    };
    if (wait && !replayed) {
      return awaitAnswer(request, settingsReader(stores, chat), async (signal) => {
        const answered = await turns.send(chat, message, signal);
        if (answered.accepted.isReplay) request.markReplayed();
        return answered;
      });
    }
    const accepted = replayed ?? (await turns.accept(chat, message));
    return answerOfAccepted(ctx, accepted, wait);
  });
