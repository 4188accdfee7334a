import { type AnswerEntry, isRetryable, type Parley, ParleyError, type UserEntry } from '@parley/client';
import { failedAnswer, interrupted } from '../cli-error.ts';

/** Is told how an answer comes about. */
export interface AnswerListener {
  /** What is new of it. */
  text(piece: string): void;
  /** It is being generated anew: what was told of it so far does not count. */
  restarted(): void;
  /** The message cannot be delivered for now; it is tried again by itself. */
  waiting(error: ParleyError): void;
}

/** For how long a server that cannot be reached is waited for. */
const PATIENCE_MS = 60_000;

/**
 * Sends a message and tells its answer as it is written, over cut connections too: it is accepted exactly once, and told
 * from where it was cut. When `stop` aborts, the server is told to stop; what was written until then is told.
 *
 * @throws ParleyError when the message is refused, the answer fails, or the server is away for a minute
 * @throws CliError `interrupted` when it was stopped before it was accepted
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
  const teller = new AnswerTeller(listener);
  let patience: ReturnType<typeof setTimeout> | undefined;

  const find = () => {
    const { entries } = chat.view();
    const at = entries.findIndex((entry) => entry.key === key);
    const [question, answer] = at === -1 ? [] : entries.slice(at, at + 2);
    return {
      question: question?.kind === 'user' ? question : undefined,
      answer: answer?.kind === 'answer' ? answer : undefined,
    };
  };
  const bePatient = (isReached: boolean, messageId: string | undefined) => {
    if (isReached) clearTimeout(patience);
    if (isReached) patience = undefined;
    else patience ??= setTimeout(() => reject(unreachable(messageId)), PATIENCE_MS);
  };
  const look = () => {
    const { connection, error } = chat.view();
    const { question, answer } = find();
    const send = question?.send?.state;
    if (send?.kind === 'refused') return reject(send.error);
    if (error && !isRetryable(error)) return reject(error);
    if (send?.kind === 'waiting') listener.waiting(send.error);
    bePatient(connection === 'live' && send?.kind !== 'waiting', answer?.messageId);
    if (!answer) return;
    if (answer.status === 'failed') return reject(failedAnswer(answer.errorCode, answer.messageId));
    teller.tell(answer.content);
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
    // On its way at this moment, or accepted: its answer is stopped once it is known.
    else if (isTakenBack(parley, question, key)) reject(interrupted());
  };

  const leave = chat.subscribe(look);
  stop.addEventListener('abort', onStop);
  try {
    look();
    return await promise;
  } finally {
    leave();
    clearTimeout(patience);
    stop.removeEventListener('abort', onStop);
    parley.outbox.discard(key);
  }
}

/** Tells what is new of a text that grows, and that it began anew where it did not grow. */
class AnswerTeller {
  readonly #listener: AnswerListener;
  #told = '';

  constructor(listener: AnswerListener) {
    this.#listener = listener;
  }

  tell(content: string): void {
    if (!content.startsWith(this.#told)) {
      this.#listener.restarted();
      this.#told = '';
    }
    if (content.length > this.#told.length) this.#listener.text(content.slice(this.#told.length));
    this.#told = content;
  }
}

function isTakenBack({ outbox }: Parley, question: UserEntry | undefined, key: string): boolean {
  return question?.send !== undefined && outbox.discard(key) !== undefined;
}

function unreachable(messageId: string | undefined): ParleyError {
  return new ParleyError('network', 'The server cannot be reached.', { messageId });
}
