import { type AnswerEntry, isRetryable, type Parley, ParleyError, type UserEntry } from '@parley/client';
import { failedAnswer, interrupted } from '../cli-error.ts';

/** Receives the progress of an answer. */
export interface AnswerListener {
  /** Called with each new piece of the text. */
  text(piece: string): void;
  /** The answer is generated again: discard the text received so far. */
  restarted(): void;
  /** The message cannot be delivered now; the client retries it. */
  waiting(error: ParleyError): void;
}

/** How long to wait for an unreachable server. */
const UNREACHABLE_MAX_MS = 60_000;

/**
 * Sends a message and reports its answer while it is written. Interrupted connections are resumed: the
 * message is accepted exactly once, and no text is repeated. When `stop` aborts, the answer is stopped on the
 * server.
 *
 * @throws ParleyError if the message is rejected, the answer fails, or the server is unreachable for a minute
 * @throws CliError `interrupted` if it was stopped before the message was accepted
 */
export async function ask(
  parley: Parley,
  message: { readonly chatId: string; readonly content: string },
  listener: AnswerListener,
  stop: AbortSignal,
): Promise<AnswerEntry> {
  const chat = parley.chats.of(message.chatId);
  const key = parley.outbox.send(message);
  const { promise, resolve, reject } = Promise.withResolvers<AnswerEntry>();
  const progress = new AnswerProgress(listener);
  let unreachableTimer: ReturnType<typeof setTimeout> | undefined;

  const find = () => {
    const { entries } = chat.view();
    const at = entries.findIndex((entry) => entry.key === key);
    const [question, answer] = at === -1 ? [] : entries.slice(at, at + 2);
    return {
      question: question?.kind === 'user' ? question : undefined,
      answer: answer?.kind === 'answer' ? answer : undefined,
    };
  };
  const trackReachability = (isReached: boolean, messageId: string | undefined) => {
    if (isReached) clearTimeout(unreachableTimer);
    if (isReached) unreachableTimer = undefined;
    else unreachableTimer ??= setTimeout(() => reject(unreachable(messageId)), UNREACHABLE_MAX_MS);
  };
  const report = () => {
    const { connection, error } = chat.view();
    const { question, answer } = find();
    const send = question?.send?.state;
    if (send?.kind === 'refused') return reject(send.error);
    if (error && !isRetryable(error)) return reject(error);
    if (send?.kind === 'waiting') listener.waiting(send.error);
    trackReachability(connection === 'live' && send?.kind !== 'waiting', answer?.messageId);
    if (!answer) return;
    if (answer.status === 'failed') return reject(failedAnswer(answer.errorCode, answer.messageId));
    progress.update(answer.content);
    if (answer.status === 'completed' || answer.status === 'stopped') resolve(answer);
    else if (stop.aborted) stopAnswer(answer);
  };
  let isStopping = false;
  const stopAnswer = ({ messageId }: AnswerEntry) => {
    if (isStopping) return;
    isStopping = true;
    chat.stop(messageId).catch(reject);
  };
  const onStop = () => {
    const { question, answer } = find();
    if (answer) stopAnswer(answer);
    // Otherwise the message is being sent or was accepted: its answer is stopped as soon as it is known.
    else if (isDiscarded(parley, question, key)) reject(interrupted());
  };

  const leave = chat.subscribe(report);
  stop.addEventListener('abort', onStop);
  try {
    report();
    return await promise;
  } finally {
    leave();
    clearTimeout(unreachableTimer);
    stop.removeEventListener('abort', onStop);
    parley.outbox.discard(key);
  }
}

/** Reports the new part of a growing text, and a restart if the text was replaced. */
class AnswerProgress {
  readonly #listener: AnswerListener;
  #reported = '';

  constructor(listener: AnswerListener) {
    this.#listener = listener;
  }

  update(content: string): void {
    if (!content.startsWith(this.#reported)) {
      this.#listener.restarted();
      this.#reported = '';
    }
    if (content.length > this.#reported.length) this.#listener.text(content.slice(this.#reported.length));
    this.#reported = content;
  }
}

function isDiscarded({ outbox }: Parley, question: UserEntry | undefined, key: string): boolean {
  return question?.send !== undefined && outbox.discard(key) !== undefined;
}

function unreachable(messageId: string | undefined): ParleyError {
  return new ParleyError('network', 'The server cannot be reached. Check that it runs, and try again.', {
    messageId,
  });
}
