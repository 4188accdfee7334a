import { type Id, mintId, type OpenPart, PLAIN_PLACE, type TapePlace } from '@parley/contract';
import type { Account, ChatAccess, Lease, LogBatch, SystemScope, TurnRecord, UsageRecord } from '@parley/db';
import type { History } from './known-history.ts';

/** Why a run stops before its end. */
export type StopReason = 'lease-lost' | 'chat-deleted' | 'cancelled' | 'draining';

/** Thrown by a run that stops before its end, and the reason of its aborted signal. */
export class RunStopped extends Error {
  override readonly name = 'RunStopped';
  readonly reason: StopReason;
  constructor(reason: StopReason) {
    super(reason);
    this.reason = reason;
  }
}

/** The run of a turn whose lease this process holds. */
export interface Run {
  readonly turn: TurnRecord;
  readonly scope: SystemScope;
  readonly token: string;
  /** Raised when another model begins the answer again. */
  attempt: number;
  readonly abort: AbortController;
  /** The known history before the turn: the UTF-8 bytes of the chat's text, and perhaps the messages. */
  readonly before:
    | {
        readonly textBytes: number;
        readonly history?: History | undefined;
        /** The chat's revision when the history was read. */
        readonly revision?: number | undefined;
      }
    | undefined;
  /** The number of database writes whose outcome is unknown. */
  unacknowledgedWrites: number;
  /** Whether an end was sent whose outcome is unknown. */
  endUnknown: boolean;
  /** In monotonic time. After the deadline another process may have the lease, so no text is emitted. */
  deadline: number;
  /** The agent and user that the usage is counted for; set after the chat was read. */
  account?: Pick<Account, 'agent' | 'user'>;
  /** The chat of the turn; set after it was read. */
  chat?: ChatAccess;
  /** Whether the chat was deleted. The run may have been cancelled before, or may already be ending. */
  isChatDeleted: boolean;
  /** The messages before the turn; set after they were read. */
  history?: History;
  /** The usage of the run; set when it is known. */
  used?: readonly UsageRecord[];
  /** The tape of everything emitted. Readers in this process read it from here. */
  text: string;
  /** The part at the end of the tape that more of its kind continues. */
  openPart: OpenPart | undefined;
  /** The time until which the model's server makes the run wait. */
  waitsUntil?: Date | undefined;
  /** The length of the tape that the log has acknowledged. */
  loggedTo: number;
  /** The place there, once the log has a mark. */
  loggedPlace?: TapePlace | undefined;
  /** The piece that was sent to the log and is not acknowledged. A repeated write sends it unchanged. */
  unacknowledged?: LogBatch | undefined;
}

/** The run of a turn that this process has just claimed. */
export function newRun(
  turn: TurnRecord & { readonly lease: Lease },
  deadline: number,
  before: Run['before'],
): Run {
  return {
    turn,
    scope: { team: turn.team },
    token: turn.lease.token,
    attempt: turn.lease.attempt,
    abort: new AbortController(),
    before,
    unacknowledgedWrites: 0,
    endUnknown: false,
    isChatDeleted: false,
    deadline,
    text: '',
    openPart: PLAIN_PLACE.open,
    loggedTo: 0,
  };
}

/** Discards the tape of a run, whose answer begins again under the next attempt. */
export function restartTape(run: Run, attempt: number): void {
  const { open: openPart } = PLAIN_PLACE;
  const begun = { text: '', openPart, loggedTo: 0, loggedPlace: undefined, unacknowledged: undefined };
  Object.assign(run, { attempt, ...begun });
}

/** Stops a run whose chat was deleted. If it ends nevertheless, its chat is not remembered. */
export function stopDeleted(run: Run): void {
  run.isChatDeleted = true;
  run.abort.abort(new RunStopped('chat-deleted'));
}

/** Creates the unguessable fencing token of one run. */
export function mintToken(): string {
  return mintId('request');
}

/** The runs of this process, by turn id. */
export class RunningTurns {
  readonly #runs = new Map<Id<'turn'>, Run>();

  add(run: Run): void {
    this.#runs.set(run.turn.id, run);
  }

  delete(run: Run): void {
    if (this.#runs.get(run.turn.id) === run) this.#runs.delete(run.turn.id);
  }

  get(turn: Id<'turn'>): Run | undefined {
    return this.#runs.get(turn);
  }

  has(turn: Id<'turn'>): boolean {
    return this.#runs.has(turn);
  }

  all(): Run[] {
    return [...this.#runs.values()];
  }
}
