import { ApiError, type Id, mintId } from '@parley/contract';
import type { SystemScope, TurnRecord } from '@parley/db';
import type { TurnsById } from '../../src/testing/index.ts';
import type { Conditions } from './connection.ts';
import { drawPlan, type Plan } from './plan.ts';
import { Random } from './random.ts';
import { Replica } from './replica.ts';
import { Scheduler } from './scheduler.ts';
import { SimulatedDatabase } from './simulated-database.ts';
import { SimulatedModel } from './simulated-model.ts';
import { SimulatedTools } from './simulated-tools.ts';
import { Trace } from './trace.ts';

/**
 * The result of a request to a process: its response, its error, or nothing because it died or the connection broke.
 */
export type CallResult<Result> =
  | { readonly kind: 'answered'; readonly value: Result }
  | { readonly kind: 'refused'; readonly apiError: ApiError }
  | { readonly kind: 'unknown' };

/** The state of one simulation run: its clock, random values, database, model and processes. */
export class World {
  readonly plan: Plan;
  readonly scheduler = new Scheduler();
  readonly random: Random;
  readonly database = new SimulatedDatabase();
  readonly conditions: Conditions;
  readonly model: SimulatedModel;
  readonly scope: SystemScope = { team: mintId('team') };
  readonly chats: Id<'chat'>[] = [];
  readonly offences: string[] = [];
  /** The time at which a majority had the end of an answer's turn, by answer. */
  readonly endedAt = new Map<string, number>();
  /** Chats that a user sent a request to delete, with any result. */
  readonly deletionRequestedFor = new Set<Id<'chat'>>();
  /** The newest turns at the times when retention checked a chat. */
  readonly retentionChecks = new Map<Id<'chat'>, Set<number>>();
  /** Users who were blocked, which stops all their turns. */
  readonly stoppedUsers = new Set<string>();
  /** The contents of messages with `onBusy: reject`. */
  readonly rejectedIfBusy = new Set<string>();
  /** Turns as they were before their message was removed. */
  readonly beforeRemoval = new Map<Id<'turn'>, TurnRecord>();
  /** When a message was sent that does not name its place, by content. */
  readonly sentAt = new Map<string, number>();
  replicas: Replica[] = [];
  /** The number of drains in which a process handed its turns over. */
  handovers = 0;
  /** Whether faults may still happen. */
  isStormy = true;
  readonly #trace: Trace | undefined;
  #started = 0;

  constructor(seed: number, isTraced: boolean) {
    this.plan = drawPlan(seed);
    this.random = new Random(seed ^ 0x5bd1e995);
    this.conditions = { ...this.plan.conditions };
    this.model = new SimulatedModel(
      this.random.fork(),
      this.plan.model,
      new SimulatedTools(this.database, this.random.fork()),
    );
    this.#trace = isTraced ? new Trace() : undefined;
    this.#createChats();
    for (let index = 0; index < this.plan.replicas; index++) this.startReplica();
  }

  get isTraced(): boolean {
    return this.#trace !== undefined;
  }

  get trace(): readonly string[] {
    return this.#trace?.lines ?? [];
  }

  note(line: string): void {
    this.#trace?.add(this.scheduler.now, line);
  }

  offend(offence: string): void {
    this.note(`OFFENCE ${offence}`);
    this.offences.push(offence);
  }

  startReplica(): Replica {
    const replica = new Replica(this, `p${++this.#started}`);
    this.note(`${replica.process.name} starts`);
    this.replicas.push(replica);
    return replica;
  }

  /** Checks that a waiting request gets the end soon in a calm run. */
  checkReport(name: string, answerId: string, since: number, delayMaxMs: number): void {
    if (this.plan.kind !== 'calm') return;
    const endedAt = this.endedAt.get(answerId) ?? this.scheduler.now;
    const waited = this.scheduler.now - Math.max(endedAt, since);
    if (waited > delayMaxMs) this.offend(`${name} received an end ${waited} ms late`);
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.scheduler.after(ms, resolve);
    });
  }

  /** A random process that accepts requests, or any process if none does. */
  anyReplica(): Replica | undefined {
    const open = this.replicas.filter(({ isOpen }) => isOpen);
    const from = open.length > 0 ? open : this.replicas;
    return from.length > 0 ? this.random.pick(from) : undefined;
  }

  /** Sends a request to a process. A thrown error that is no ApiError is a bug. */
  call<Result>(replica: Replica, call: (turns: TurnsById) => Promise<Result>): Promise<CallResult<Result>> {
    const { process } = replica;
    const isAnswerLost = this.isStormy && this.random.chance(this.plan.faults.lostAnswers);
    return new Promise((resolve) => {
      process.onDeath(() => resolve({ kind: 'unknown' }));
      process.after(this.random.skewed(0, 20), () => {
        call(replica.turns).then(
          (value) => resolve(isAnswerLost ? { kind: 'unknown' } : { kind: 'answered', value }),
          (error: unknown) => {
            if (!(error instanceof ApiError)) this.offend(`${process.name} threw ${stackOf(error)}`);
            if (isAnswerLost || !(error instanceof ApiError)) resolve({ kind: 'unknown' });
            else resolve({ kind: 'refused', apiError: error });
          },
        );
      });
    });
  }

  #createChats(): void {
    const { database, scope } = this;
    const agent = mintId('agent');
    database.put('agents', agent, {
      record: { id: agent, name: 'Ann', type: 'support', version: 1 },
      team: scope.team,
    });
    for (let index = 0; index < this.plan.chats; index++) {
      const id = mintId('chat');
      const record = { id, team: scope.team, agent, createdAt: new Date() };
      database.put('chats', id, { record, agentType: 'support', isMarked: false });
      this.chats.push(id);
    }
    database.commit(database.position);
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
