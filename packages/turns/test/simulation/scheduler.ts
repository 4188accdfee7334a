/** An event that is planned; `cancel` removes it. */
export interface Planned {
  cancel(): void;
}

interface Entry extends Planned {
  readonly time: number;
  /** The order of planning: of two events at one time, the earlier planned one happens first. */
  readonly order: number;
  action: (() => void) | undefined;
}

/**
 * Virtual time. Events are taken from a queue, and before each event all promises that can settle have settled. So a
 * run is the same each time on any machine.
 */
export class Scheduler {
  readonly #heap: Entry[] = [];
  #now = 0;
  #planned = 0;
  #eventCount = 0;

  get now(): number {
    return this.#now;
  }

  /** The number of events so far. */
  get eventCount(): number {
    return this.#eventCount;
  }

  at(time: number, action: () => void): Planned {
    const entry: Entry = {
      time: Math.max(time, this.#now),
      order: this.#planned++,
      action,
      cancel() {
        entry.action = undefined;
      },
    };
    this.#push(entry);
    return entry;
  }

  after(ms: number, action: () => void): Planned {
    return this.at(this.#now + ms, action);
  }

  /** Runs events until `isOver`, which is called before each event, or until none is planned. */
  run(isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = () => {
        try {
          const entry = isOver() ? undefined : this.#pop();
          if (!entry) return resolve();
          this.#now = entry.time;
          this.#eventCount++;
          entry.action?.();
        } catch (error) {
          return reject(error);
        }
        // `nextTick` from a microtask runs its callback after all microtasks.
        queueMicrotask(tick);
      };
      const tick = () => process.nextTick(step);
      tick();
    });
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above];
      if (!parent || isBefore(parent, entry)) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = entry;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    for (;;) {
      const first = heap[0];
      const last = heap.pop();
      if (!first || !last) return undefined;
      if (heap.length > 0) this.#sink(last);
      if (first.action) return first;
    }
  }

  #sink(entry: Entry): void {
    const heap = this.#heap;
    let index = 0;
    for (;;) {
      let below = 2 * index + 1;
      let child = heap[below];
      if (!child) break;
      const right = heap[below + 1];
      if (right && isBefore(right, child)) {
        child = right;
        below++;
      }
      if (isBefore(entry, child)) break;
      heap[index] = child;
      index = below;
    }
    heap[index] = entry;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}
