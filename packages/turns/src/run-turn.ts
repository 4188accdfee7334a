import { ModelError } from '@parley/agent';
import { type ErrorCode, Refusal } from '@parley/contract';
import type { AgentRecord, MessageRecord, TurnEnd, TurnView } from '@parley/db';
import type { TurnParts } from './parts.ts';
import { type Run, RunStopped } from './run.ts';
import type { TurnOutcome } from './turn-outcome.ts';

/** What became of a run, for whoever started it. */
export type RunResult =
  | {
      readonly kind: 'ended';
      readonly outcome: TurnOutcome;
      readonly hasSuccessor: boolean;
      /** Bytes of the chat's text up to and with this turn. */
      readonly textBytes: number;
    }
  | { readonly kind: 'gone' }
  /** The predecessor had not ended: the turn is queued again. */
  | { readonly kind: 'requeued' }
  /** Drained: the turn is queued for another process. */
  | { readonly kind: 'handed-over' }
  /** The lease is another's now: whatever this run did, it must not be shown. */
  | { readonly kind: 'lost' };

/** Stands for the server's default model in the usage of a failed turn, where no answer named it. */
const DEFAULT_MODEL = 'default';

/**
 * Runs a claimed turn to its end: look, then call, then one guarded write. Everything before the model's call
 * was acknowledged by a majority; nothing after the end of the lease is shown or stored.
 */
export async function runTurn(parts: TurnParts, run: Run): Promise<RunResult> {
  const { store, bounds } = parts;
  const { turn, scope, token } = run;
  try {
    const view = await persist(parts, run, () =>
      store.turns.look(scope, turn.chat, turn.sequence, bounds.historyBytesMax),
    );
    if (!view.chat) {
      await persist(parts, run, () => store.turns.remove(scope, turn.id));
      return { kind: 'gone' };
    }
    if (!view.predecessorEnded) {
      await persist(parts, run, () => store.turns.release(scope, turn.id, token));
      return { kind: 'requeued' };
    }
    const end = await answer(parts, run, view, view.chat.agent);
    const ended = await persist(parts, run, () => store.turns.end(scope, turn.id, token, end));
    if (ended.result === 'ended') {
      const { hasSuccessor } = ended;
      return { kind: 'ended', outcome: outcomeOfEnd(end), hasSuccessor, textBytes: end.textBytes };
    }
    return { kind: ended.result };
  } catch (error) {
    if (error instanceof RunStopped) return stopped(parts, run, error);
    throw error;
  }
}

/** Calls the model and turns whatever comes of it, failures included, into the turn's end. */
async function answer(
  parts: TurnParts,
  run: Run,
  view: TurnView,
  agentId: AgentRecord['id'],
): Promise<TurnEnd> {
  const { userMessage } = run.turn;
  const before = view.textBytesBefore + Buffer.byteLength(userMessage.content);
  const agent = await persist(parts, run, () => parts.store.agents.find(run.scope, agentId));
  if (!agent) return { status: 'failed', errorCode: 'agent_not_found', textBytes: before };
  try {
    const outcome = await parts.runAgent({
      agent,
      messages: [...view.history, userMessage],
      signal: run.abort.signal,
      emit: () => stopWhenLate(parts, run),
    });
    return {
      status: 'completed',
      answer: toAnswer(run, outcome.text),
      agentVersion: agent.version,
      usage: { attempt: run.attempt, model: outcome.model, calls: outcome.calls, ...outcome.usage },
      textBytes: before + Buffer.byteLength(outcome.text),
    };
  } catch (error) {
    if (run.abort.signal.aborted) throw run.abort.signal.reason;
    const errorCode = codeOf(error);
    if (!errorCode) throw error;
    parts.log('warn', 'turn failed', { turn: run.turn.id, code: errorCode, error });
    const model = agent.model ?? DEFAULT_MODEL;
    return {
      status: 'failed',
      errorCode,
      agentVersion: agent.version,
      ...(error instanceof ModelError && {
        usage: { attempt: run.attempt, model, calls: error.calls, ...error.usage },
      }),
      textBytes: before,
    };
  }
}

function codeOf(error: unknown): ErrorCode | undefined {
  return error instanceof ModelError || error instanceof Refusal ? error.code : undefined;
}

function toAnswer({ turn }: Run, content: string): MessageRecord {
  return { id: turn.answerId, role: 'assistant', content, createdAt: new Date() };
}

function outcomeOfEnd({ status, answer, errorCode }: TurnEnd): TurnOutcome {
  if (status === 'failed') return { kind: 'failed', errorCode: errorCode ?? 'model_failed' };
  return answer ? { kind: 'answered', status, answer } : { kind: 'empty' };
}

/** A process that was stopped and revived finds out here, before anything stale is shown. */
function stopWhenLate({ clock }: TurnParts, run: Run): void {
  if (clock.now() >= run.deadline) run.abort.abort(new RunStopped('lease-lost'));
}

/** Repeats what the database could not be reached for, as long as the lease stands. */
async function persist<Result>({ clock }: TurnParts, run: Run, call: () => Promise<Result>): Promise<Result> {
  for (let pause = 100; ; pause = Math.min(pause * 2, 1_000)) {
    run.abort.signal.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== 'database_unavailable') throw error;
      if (clock.now() + pause >= run.deadline) throw new RunStopped('lease-lost');
      await clock.sleep(pause, run.abort.signal);
    }
  }
}

async function stopped({ store }: TurnParts, run: Run, { reason }: RunStopped): Promise<RunResult> {
  if (reason === 'chat-deleted') return { kind: 'gone' };
  if (reason === 'lease-lost') return { kind: 'lost' };
  const released = await store.turns.release(run.scope, run.turn.id, run.token);
  return { kind: released ? 'handed-over' : 'lost' };
}
