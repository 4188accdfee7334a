import type { Random } from './random.ts';
import type { Replica } from './replica.ts';
import type { World } from './world.ts';

/** A draining process that does not end in this time is killed, as by an orchestrator. */
const DRAIN_LEASES_MAX = 3;
const BUSY_TRIES = 5;

/** Causes the faults of the plan at random times while users act. */
export class Storm {
  readonly #world: World;
  readonly #random: Random;
  readonly #leaseMs: number;
  #isOver = false;

  constructor(world: World) {
    this.#world = world;
    this.#random = world.random.fork();
    this.#leaseMs = world.plan.bounds.leaseMs;
  }

  begin(): void {
    const { faults, kind } = this.#world.plan;
    if (kind !== 'stormy') return;
    this.#often(faults.crashes, () => this.#crash());
    this.#often(faults.drains, () => this.#drain());
    this.#often(faults.stalls, () => this.#stall());
    this.#often(faults.holds, () => this.#hold());
    this.#often(faults.outages, () => this.#outage());
    this.#often(faults.isolations, () => this.#isolate());
    this.#often(faults.partitions, () => this.#partition());
    this.#often(faults.modelOutages, () => this.#loseModel());
  }

  /** Causes no further faults and ends the present ones, except stalls and late commands. */
  end(): void {
    const { conditions, database, plan, replicas, model } = this.#world;
    this.#isOver = true;
    this.#world.isStormy = false;
    const noFaults = { lost: 0, unanswered: 0, late: 0, hanging: 0, partial: 0, isDown: false };
    Object.assign(conditions, noFaults);
    if (database.isHeld) database.resume();
    model.isUnavailable = false;
    for (let missing = plan.replicas - replicas.length; missing > 0; missing--) this.#world.startReplica();
    this.#world.note('nothing new goes wrong from now on');
  }

  #often(times: number, happen: () => void): void {
    const { scheduler, plan, model, replicas } = this.#world;
    // Faults matter most while a turn runs, so most faults wait for a running turn if there is time.
    const happenWhenBusy = (tries: number) => {
      if (this.#isOver) return;
      const isBusy = replicas.some(({ process }) => model.isCalledBy(process));
      if (isBusy || tries === 0) happen();
      else scheduler.after(this.#random.between(0, plan.activeMs / 10), () => happenWhenBusy(tries - 1));
    };
    for (let index = 0; index < times; index++) {
      scheduler.after(this.#random.between(0, 0.8 * plan.activeMs), () => happenWhenBusy(BUSY_TRIES));
    }
  }

  #any(): Replica | undefined {
    const { replicas, model } = this.#world;
    const callers = replicas.filter(({ process }) => model.isCalledBy(process));
    const from = callers.length > 0 && this.#random.chance(0.7) ? callers : replicas;
    return from.length > 0 ? this.#random.pick(from) : undefined;
  }

  #crash(): void {
    const replica = this.#any();
    if (!replica) return;
    this.#world.note(`${replica.process.name} dies`);
    replica.process.kill();
    this.#replace(replica, this.#random.between(0, this.#leaseMs));
  }

  #drain(): void {
    const replica = this.#any();
    if (!replica || replica.turns.isDraining) return;
    const { process } = replica;
    const graceMs = this.#random.pick([0, this.#leaseMs * this.#random.next()]);
    this.#world.note(`${process.name} drains for ${Math.round(graceMs)} ms`);
    this.#world.handovers++;
    const end = () => {
      this.#world.note(`${process.name} ends`);
      process.kill();
      this.#replace(replica, 0);
    };
    process.after(0, () => {
      replica.turns.drain(graceMs).then(end, (error: unknown) => {
        this.#world.offend(`${process.name} could not drain: ${error}`);
        end();
      });
    });
    this.#world.scheduler.after(graceMs + DRAIN_LEASES_MAX * this.#leaseMs, () => {
      if (!process.isDead) end();
    });
  }

  #stall(): void {
    const replica = this.#any();
    const ms = this.#random.pick([0.3, 2, 3]) * this.#random.next() * this.#leaseMs;
    this.#world.note(`${replica?.process.name} is suspended for ${Math.round(ms)} ms`);
    replica?.process.stall(ms);
  }

  /** Stops all acknowledgements for a while. Then a majority is available again, or another primary is elected. */
  #hold(): void {
    const { database, scheduler } = this.#world;
    if (database.isHeld) return;
    this.#world.note('no majority acknowledges anything');
    database.hold();
    scheduler.after(this.#random.between(0, 1.2 * this.#leaseMs), () => {
      if (!database.isHeld) return;
      const kept = this.#random.integer(0, 6);
      const isNew = this.#random.chance(0.7);
      this.#world.note(
        isNew ? `a new primary begins, with ${kept} of what no majority had` : 'a majority is back',
      );
      if (isNew) database.failOver(kept);
      else database.resume();
    });
  }

  #outage(): void {
    const { conditions, scheduler } = this.#world;
    this.#world.note('the database is unreachable');
    conditions.isDown = true;
    scheduler.after(this.#random.between(0, 1.5 * this.#leaseMs), () => {
      conditions.isDown = false;
      this.#world.note('the database is there again');
    });
  }

  #isolate(): void {
    const replica = this.#any();
    this.#world.note(`${replica?.process.name} knows an old primary only`);
    replica?.connection.isolate(this.#random.between(0, this.#leaseMs));
  }

  #partition(): void {
    const replica = this.#any();
    const ms = this.#random.between(0, 2 * this.#leaseMs);
    this.#world.note(`${replica?.process.name} is cut off from the database for ${Math.round(ms)} ms`);
    replica?.connection.cutOff(ms);
  }

  #loseModel(): void {
    const { model, scheduler } = this.#world;
    this.#world.note('no model can be called');
    model.isUnavailable = true;
    scheduler.after(this.#random.between(0, this.#leaseMs), () => {
      model.isUnavailable = false;
      this.#world.note('the model can be called again');
    });
  }

  #replace(replica: Replica, ms: number): void {
    const { replicas, plan, scheduler } = this.#world;
    const index = replicas.indexOf(replica);
    if (index === -1) return;
    replicas.splice(index, 1);
    scheduler.after(ms, () => {
      if (this.#world.replicas.length < plan.replicas) this.#world.startReplica();
    });
  }
}
