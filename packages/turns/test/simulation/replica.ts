import type { Id } from '@parley/contract';
import { startTurns, type TurnDeps } from '../../src/index.ts';
import { type TurnsById, turnsById } from '../../src/testing/index.ts';
import { Connection } from './connection.ts';
import { SimulatedProcess } from './simulated-process.ts';
import { createSimulatedStores, removeTombstone } from './simulated-stores.ts';
import { tracedStores } from './traced-stores.ts';
import type { World } from './world.ts';

/** One process with its turns and its connection to the database. */
export class Replica {
  readonly process: SimulatedProcess;
  readonly connection: Connection;
  readonly turns: TurnsById;
  readonly store: TurnDeps['store'];
  readonly #world: World;

  constructor(world: World, name: string) {
    const { scheduler, random, database, plan } = world;
    this.#world = world;
    this.process = new SimulatedProcess(name, scheduler, random.fork());
    this.connection = new Connection(scheduler, this.process, database, world.conditions, random.fork());
    const stores = createSimulatedStores(this.connection);
    const deps: TurnDeps = {
      store: world.isTraced ? tracedStores(stores, (line) => world.note(`${name} ${line}`)) : stores,
      runAgent: world.model.agentOf(this.process),
      allowsVersions: async () => true,
      checkModel: () => world.model.check(),
      clock: this.process.clock,
      log: (level, event, { error }) => this.#check(level, event, error),
      bounds: plan.bounds,
    };
    this.store = deps.store;
    this.turns = turnsById(startTurns(deps), deps.store.chats);
  }

  /** Whether users can reach it. */
  get isOpen(): boolean {
    return !this.process.isDead && !this.turns.isDraining;
  }

  /** Removes the tombstone of a chat whose user is deleted. */
  removeTombstone(chat: Id<'chat'>): Promise<void> {
    return removeTombstone(this.connection, chat);
  }

  /** Reports log lines that only a bug causes. All others are expected. */
  #check(level: string, event: string, error: unknown): void {
    this.#world.note(`${this.process.name} logs ${level}: ${event} ${describe(error)}`);
    if (error instanceof Error && !EXPECTED.has(error.name))
      this.#world.offend(`${this.process.name} logged ${event}: ${error.stack ?? error.message}`);
  }
}

const EXPECTED = new Set(['ApiError', 'ModelError']);

function describe(error: unknown): string {
  return error instanceof Error ? error.message : '';
}
