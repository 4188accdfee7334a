import { type AgentEvent, ModelError } from '@parley/agent';
import {
  ApiError,
  type ErrorCode,
  type Id,
  isPlainTape,
  isWholePart,
  markOf,
  moreOf,
  type ToolStep,
  textOfTape,
} from '@parley/contract';
import type {
  AgentRecord,
  ChatAccess,
  MessageRecord,
  RunContext,
  SystemScope,
  TurnEnd,
  TurnRecord,
  WrittenText,
} from '@parley/db';
import type { Quota } from '@parley/quota';
import { setInitialTitle } from '../accept/chat-title.ts';
import type { TurnDeps } from '../dependencies.ts';
import type { Followers } from '../read/followers.ts';
import { insertMarker } from '../recover/remove-deleted-chat.ts';
import { type EndedOutcome, tapeOfEmpty, textsOf } from '../turn-outcome.ts';
import { PERSIST_BACKOFF } from './intervals.ts';
import type { LogWriter } from './log-writer.ts';
import type { PendingWork } from './pending-work.ts';
import { type Run, RunStopped, restartTape } from './run.ts';
import { countDeletedTurn, DEFAULT_MODEL, usageOfOutcome, usageRecords, withUsage } from './turn-usage.ts';

/** The result of a run, for the code that started it. */
export type RunResult =
  | {
      readonly kind: 'ended';
      readonly outcome: EndedOutcome;
      readonly hasSuccessor: boolean;
      /** Bytes of the chat's text up to and including this turn. */
      readonly textBytes: number;
    }
  | { readonly kind: 'deleted' }
  /** The predecessor had not ended: the turn is queued again. */
  | { readonly kind: 'requeued' }
  /** Drained: the turn is queued for another process. */
  | { readonly kind: 'handed-over' }
  /** Another process has the lease, so no text of this run may be shown. */
  | { readonly kind: 'lost' };

/**
 * The dependencies of a run besides the ports: the readers of its text in this process, the writer of the log, and
 * the quota.
 */
export interface RunDeps extends TurnDeps {
  readonly followers: Followers;
  readonly logWriter: LogWriter;
  readonly quota: Quota;
  readonly work: PendingWork;
}

/**
 * Runs a claimed turn to its end: reads the context, calls the model, and ends the turn with one guarded write.
 * Everything before the call was acknowledged by a majority. Nothing is shown or stored after the lease has ended.
 */
export async function runTurn(deps: RunDeps, run: Run): Promise<RunResult> {
  const result = await loadAndAnswer(deps, run).catch((error: unknown) => {
    if (error instanceof RunStopped) return stopped(deps, run, error);
    throw error;
  });
  if (result.kind === 'deleted') {
    // If the turn had ended, its usage was already counted at its deletion. That is possible if the outcome of the
    // end is unknown or another process took the turn over.
    if (run.endUnknown || deps.clock.now() >= run.deadline) delete run.used;
    await Promise.all([removeLog(deps, run), countDeletedTurn(deps, run)]);
  }
  return result;
}

async function loadAndAnswer(deps: RunDeps, run: Run): Promise<RunResult> {
  const { store } = deps;
  const { turn, scope, token } = run;
  const view = await persist(deps, run, () => loadRunContext(deps, run));
  if (!view.chat) {
    await persist(deps, run, () => insertMarker(deps, turn.chat));
    await persist(deps, run, () => store.turns.remove(scope, turn.id));
    return { kind: 'deleted' };
  }
  const { agent, user } = view.chat.chat;
  run.chat = view.chat;
  run.history = view.history;
  run.account = { agent, ...(user !== undefined && { user }) };
  if (!view.predecessorEnded) {
    await persist(deps, run, () => store.turns.release(scope, turn.id, token));
    return { kind: 'requeued' };
  }
  if (!run.before) await nameUnnamed(deps, turn, view.chat);
  if (isOfRemoved(turn, view))
    return end(deps, run, {
      ...{ status: 'failed', errorCode: 'message_not_found' },
      textBytes: view.textBytesBefore,
    });
  if (turn.isCancelled) return end(deps, run, await endOfCancelled(deps, run, view));
  try {
    return await end(deps, run, await answer(deps, run, view, agent));
  } catch (error) {
    if (!(error instanceof RunStopped) || error.reason !== 'cancelled') throw error;
    return end(deps, run, stoppedEnd(turn, view, toWritten(run.attempt, run.text)));
  }
}

/**
 * Gives a chat its title from its first message if the process that accepted the message crashed before it set the
 * title. Call it only for a turn that was claimed after its insert.
 */
export async function nameUnnamed(deps: TurnDeps, turn: TurnRecord, access: ChatAccess): Promise<void> {
  if (turn.sequence !== 1 || !turn.userMessage || access.chat.title !== undefined) return;
  await setInitialTitle(deps, access, turn.userMessage);
}

/** Whether the message that a turn answers again was removed while the turn was accepted. */
function isOfRemoved({ retryOf }: TurnRecord, { history }: RunContext): boolean {
  return retryOf !== undefined && history.findLast(({ role }) => role === 'user')?.isRemoved === true;
}

/** The chat, and the messages before the turn. */
async function loadRunContext(
  { store, bounds }: TurnDeps,
  { turn, scope, before }: Run,
): Promise<RunContext> {
  const read = () =>
    store.turns.readRunContext(
      scope,
      turn.chat,
      turn.sequence,
      bounds.historyBytesMax,
      before?.textBytes,
      turn.path,
    );
  if (!before?.history) return read();
  // The turn was inserted directly after one that ended in this process, so its history is known. The chat may have
  // been deleted since.
  const chat = await store.chats.find(scope, turn.chat);
  if (chat && chat.chat.revision !== before.revision) return read();
  return { chat, predecessorEnded: true, textBytesBefore: before.textBytes, history: before.history };
}

/** Ends the turn with one guarded write. The outcome is emitted only after the write is acknowledged. */
async function end(deps: TurnDeps, run: Run, ending: TurnEnd): Promise<RunResult> {
  const turnEnd = withUsage(ending, run);
  const ended = await sendEnd(deps, run, turnEnd);
  if (ended.result !== 'ended') return { kind: ended.result };
  const { hasSuccessor } = ended;
  const outcome = outcomeOfEnd(turnEnd, run.attempt);
  return { kind: 'ended', outcome, hasSuccessor, textBytes: turnEnd.textBytes };
}

async function sendEnd(deps: TurnDeps, run: Run, turnEnd: TurnEnd) {
  const { turn, scope, token, unacknowledgedWrites } = run;
  let endUnknown = false;
  try {
    const ended = await persist(deps, run, () => deps.store.turns.end(scope, turn.id, token, turnEnd));
    endUnknown = ended.result === 'deleted' && ended.endUnknown === true;
    return ended;
  } finally {
    run.endUnknown = endUnknown || run.unacknowledgedWrites > unacknowledgedWrites;
  }
}

/** Calls the model and turns the result, or a failure, into the end of the turn. */
async function answer(
  deps: RunDeps,
  run: Run,
  view: RunContext,
  agentId: AgentRecord['id'],
): Promise<TurnEnd> {
  const { turn } = run;
  const before = bytesBefore(turn, view);
  const agent = await persist(deps, run, () => deps.store.agents.find(run.scope, agentId));
  if (!agent) return { status: 'failed', errorCode: 'agent_not_found', textBytes: before };
  try {
    const outcome = await deps.runAgent({
      id: turn.id,
      agent,
      messages: messagesTo(turn, view),
      signal: run.abort.signal,
      emit: (event) => emit(deps, run, event),
      steps: turn.steps,
      saveToolSteps: (steps) => saveToolSteps(deps, run, steps),
      onWait: (until) => setWait(deps, run, until),
      restartText: () => restartText(deps, run),
      onAbort: ({ model, calls, usage, others }) => {
        run.used = usageRecords(run.attempt, { model, calls, usage, isEstimated: true }, others);
      },
    });
    const { attempt } = run;
    run.used = usageOfOutcome(attempt, outcome);
    const written = { ...toWritten(attempt, run.text), text: outcome.text };
    return {
      status: 'completed',
      answer: toAnswer(turn, written, outcome.finishReason),
      written,
      agentVersion: agent.version,
      textBytes: before + bytesOf(written),
    };
  } catch (error) {
    if (run.abort.signal.aborted) throw run.abort.signal.reason;
    const errorCode = codeOf(error);
    if (!errorCode) throw error;
    logFailure(deps, run, { agent: agent.id, code: errorCode, error });
    const { attempt } = run;
    if (error instanceof ModelError) {
      const { model = agent.model ?? DEFAULT_MODEL, calls, usage, others } = error;
      run.used = usageRecords(attempt, { model, calls, usage }, others);
    }
    return {
      ...failedEnd(turn, view, toWritten(attempt, run.text), errorCode),
      ...(error instanceof ModelError && error.retryAt && { retryAt: error.retryAt }),
      agentVersion: agent.version,
    };
  }
}

/** The messages that the model gets. For a retry they end with the message to answer: the failed answer is left out. */
function messagesTo({ userMessage }: TurnRecord, { history }: RunContext): RunContext['history'] {
  if (userMessage) return [...withoutRemoved(history), userMessage];
  return withoutRemoved(history.slice(0, history.findLastIndex(({ role }) => role === 'user') + 1));
}

/** Leaves out removed messages with their answers, whose content may not be deleted yet. */
function withoutRemoved(history: RunContext['history']): RunContext['history'] {
  let isRemoved = false;
  return history.filter((message) => {
    if (message.role === 'user') isRemoved = message.isRemoved === true;
    return !isRemoved;
  });
}

/** Logs why a turn failed, with level `error` if only an operator can make the model usable again. */
function logFailure(
  { log }: Pick<TurnDeps, 'log'>,
  { turn, scope, attempt }: Pick<Run, 'turn' | 'scope' | 'attempt'>,
  failure: { readonly agent: AgentRecord['id']; readonly code: ErrorCode; readonly error: unknown },
): void {
  const { agent, code, error } = failure;
  const ids = { turn: turn.id, chat: turn.chat, team: scope.team, agent, attempt };
  if (!(error instanceof ModelError)) log('warn', 'turn failed', { ...ids, code, error });
  else log(error.needsOperator ? 'error' : 'warn', 'turn failed', { ...ids, code, ...error.logFields });
}

/**
 * Notifies the readers of this process that the model's server makes the run wait, or that the wait is over. The wait
 * is also stored, for the readers of other processes; the run does not depend on that.
 */
function setWait({ store, followers, work, log }: RunDeps, run: Run, until: Date | undefined): void {
  const { turn, scope, token, attempt } = run;
  run.waitsUntil = until;
  followers.texts.notify(turn.id, undefined);
  if (!until) return;
  const saving = store.turns.saveWait(scope, turn.id, token, { attempt, until }).catch((error: unknown) => {
    log('warn', 'a wait for the model could not be stored', { turn: turn.id, error });
  });
  void work.track(saving);
}

/**
 * Stores the tool steps of the run before it continues. A run that has lost its lease calls no tool, and the next run
 * continues from the stored steps.
 *
 * @throws RunStopped
 */
async function saveToolSteps(deps: TurnDeps, run: Run, steps: readonly ToolStep[]): Promise<void> {
  const { turn, scope, token } = run;
  await writeGuarded(deps, run, () => deps.store.turns.saveToolSteps(scope, turn.id, token, steps));
}

/**
 * Discards what the run has emitted, because the answer begins again. The attempt is raised first, so that every reader in
 * every process replaces what it shows.
 *
 * @throws RunStopped
 */
async function restartText(deps: RunDeps, run: Run): Promise<void> {
  const { turn, scope, token } = run;
  const next = run.attempt + 1;
  await writeGuarded(deps, run, () => deps.store.turns.raiseAttempt(scope, turn.id, token, next));
  restartTape(run, next);
  deps.followers.texts.notify(turn.id, undefined);
}

/**
 * Makes a write that the lease's token guards. Stops the run if another process has the turn.
 *
 * @throws RunStopped
 */
async function writeGuarded(
  deps: TurnDeps,
  run: Run,
  write: () => Promise<'stored' | 'lost' | 'deleted'>,
): Promise<void> {
  const { abort } = run;
  const result = await persist(deps, run, write);
  if (result !== 'stored') abort.abort(new RunStopped(result === 'deleted' ? 'chat-deleted' : 'lease-lost'));
  stopStale(deps, run);
  abort.signal.throwIfAborted();
}

/** Stops a run whose lease has expired, for example in a resumed process, before it shows stale text. */
function stopStale({ clock }: TurnDeps, { abort, deadline }: Run): void {
  if (clock.now() >= deadline) abort.abort(new RunStopped('lease-lost'));
}

function emit(deps: RunDeps, run: Run, event: AgentEvent): void {
  stopStale(deps, run);
  if (run.abort.signal.aborted) return;
  appendEvent(run, event);
  deps.followers.texts.notify(run.turn.id, undefined);
}

/** Appends an event to the tape of a run. */
function appendEvent(run: Run, event: AgentEvent): void {
  if (isWholePart(event)) {
    run.text += markOf(event);
    run.openPart = undefined;
    return;
  }
  const part = event.type === 'text-delta' ? 'text' : event.isShown ? 'shown-reasoning' : 'reasoning';
  run.text += moreOf(part, event.text, run.openPart);
  run.openPart = part;
}

/**
 * The end of a turn that was cancelled before this run. It keeps the parts of an earlier run that handed the turn
 * over.
 */
async function endOfCancelled({ store }: TurnDeps, run: Run, view: RunContext): Promise<TurnEnd> {
  const { turn, scope, attempt } = run;
  return stoppedEnd(turn, view, await lastLogged(store, scope, turn.id, attempt - 1));
}

/**
 * The newest parts that any run of a turn has logged, from `attempt` downwards; an empty text of that attempt if there
 * is none.
 */
export async function lastLogged(
  store: TurnDeps['store'],
  scope: SystemScope,
  turn: Id<'turn'>,
  attempt: number,
): Promise<WrittenText> {
  for (let before = attempt; before > 0; before--) {
    const { text } = await store.turnLog.read(scope, turn, before, 0);
    if (text !== '') return toWritten(before, text);
  }
  return { attempt, text: '' };
}

/** The text and the tape of a run. */
function toWritten(attempt: number, tape: string): WrittenText {
  return isPlainTape(tape) ? { attempt, text: tape } : { attempt, text: textOfTape(tape), tape };
}

/** UTF-8 bytes of an answer with all its parts. */
function bytesOf({ text, tape = text }: WrittenText): number {
  return Buffer.byteLength(tape);
}

/** The end of a cancelled turn. It keeps exactly what was shown. Without text it has no answer. */
export function stoppedEnd(
  turn: TurnRecord,
  view: Pick<RunContext, 'textBytesBefore'>,
  written: WrittenText,
): TurnEnd {
  return { status: 'stopped', ...shownOf(turn, view, written) };
}

/** The end of a failed turn. It keeps exactly what was shown before the failure. Without text it has no answer. */
export function failedEnd(
  turn: TurnRecord,
  view: Pick<RunContext, 'textBytesBefore'>,
  written: WrittenText,
  errorCode: ErrorCode,
): TurnEnd {
  return { status: 'failed', errorCode, ...shownOf(turn, view, written) };
}

/** The text and the parts that readers received of an answer that did not end by itself. */
function shownOf(
  turn: TurnRecord,
  view: Pick<RunContext, 'textBytesBefore'>,
  written: WrittenText,
): Pick<TurnEnd, 'answer' | 'written' | 'textBytes'> {
  const { text, tape } = written;
  return {
    ...(text !== '' && { answer: toAnswer(turn, written) }),
    ...((text !== '' || tape !== undefined) && { written }),
    textBytes: bytesBefore(turn, view) + bytesOf(written),
  };
}

/** Bytes of the chat's text before the answer. */
function bytesBefore(
  { userMessage }: TurnRecord,
  { textBytesBefore }: Pick<RunContext, 'textBytesBefore'>,
): number {
  return textBytesBefore + (userMessage ? Buffer.byteLength(userMessage.content) : 0);
}

function codeOf(error: unknown): ErrorCode | undefined {
  return error instanceof ModelError || error instanceof ApiError ? error.code : undefined;
}

/** The answer with its fields in the order of the store, so that equal ends have equal JSON. */
function toAnswer(
  { answerId }: TurnRecord,
  { text, tape }: WrittenText,
  finishReason?: MessageRecord['finishReason'],
): MessageRecord {
  return {
    ...{ id: answerId, role: 'assistant', content: text },
    ...(tape !== undefined && { tape }),
    ...(finishReason && { finishReason }),
    createdAt: new Date(),
  };
}

/** The outcome that followers receive for an acknowledged end. */
export function outcomeOfEnd(turnEnd: TurnEnd, lastAttempt: number): EndedOutcome {
  const { status, answer, errorCode = 'model_failed', retryAt, written } = turnEnd;
  const attempt = written?.attempt ?? lastAttempt;
  if (status === 'failed') {
    const shown = { ...textsOf(written), ...(answer && { answer }) };
    return { kind: 'failed', errorCode, ...(retryAt && { retryAt }), attempt, ...shown };
  }
  if (answer) return { kind: 'answered', status, answer, attempt };
  return { kind: 'empty', attempt, ...tapeOfEmpty(written) };
}

/** Repeats a write while the database is unreachable, as long as the lease is valid. */
async function persist<Result>({ clock }: TurnDeps, run: Run, call: () => Promise<Result>): Promise<Result> {
  const { signal } = run.abort;
  const { minMs, maxMs, growth } = PERSIST_BACKOFF;
  for (let pause: number = minMs; ; pause = Math.min(pause * growth, maxMs)) {
    // A cancelled run still has to end its turn.
    const isEnding = signal.reason instanceof RunStopped && signal.reason.reason === 'cancelled';
    if (!isEnding) signal.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'database_unavailable') throw error;
      run.unacknowledgedWrites++;
      if (clock.now() + pause >= run.deadline) throw new RunStopped('lease-lost');
      await clock.sleep(pause, isEnding ? undefined : signal);
    }
  }
}

async function stopped({ store, logWriter }: RunDeps, run: Run, { reason }: RunStopped): Promise<RunResult> {
  if (reason === 'chat-deleted') return { kind: 'deleted' };
  if (reason !== 'draining') return { kind: 'lost' };
  // If the turn is cancelled later, the process that ends it needs this text.
  await logWriter.flush(run);
  const released = await store.turns.release(run.scope, run.turn.id, run.token, run.used);
  return { kind: released ? 'handed-over' : 'lost' };
}

/** Log entries that were written during the deletion of the chat must be removed too. */
async function removeLog({ store, log, logWriter }: RunDeps, run: Run): Promise<void> {
  await logWriter.settled();
  const hasLog = run.loggedTo > 0 || run.unacknowledged !== undefined || run.attempt > 1;
  if (!hasLog) return;
  try {
    await store.turnLog.remove(run.scope, run.turn.id);
  } catch (error) {
    log('warn', 'the log of a deleted answer could not be removed; it ends by itself', {
      turn: run.turn.id,
      error,
    });
  }
}
