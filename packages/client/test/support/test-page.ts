import type { Page } from '../../src/page.ts';

/** A page whose network, visibility and end a test controls. Its frames come at once. */
export class TestPage implements Page {
  #isOnline = true;
  #isHidden = false;
  readonly #changes = new Set<() => void>();
  readonly #leaves = new Set<() => void>();

  readonly isOnline = (): boolean => this.#isOnline;
  readonly isHidden = (): boolean => this.#isHidden;

  readonly onChange = (listener: () => void): (() => void) => {
    this.#changes.add(listener);
    return () => this.#changes.delete(listener);
  };

  readonly onLeave = (listener: () => void): (() => void) => {
    this.#leaves.add(listener);
    return () => this.#leaves.delete(listener);
  };

  readonly onNextFrame = (listener: () => void): (() => void) => {
    const frame = setImmediate(listener);
    return () => clearImmediate(frame);
  };

  setOnline(isOnline: boolean): void {
    this.#isOnline = isOnline;
    for (const listener of [...this.#changes]) listener();
  }

  setHidden(isHidden: boolean): void {
    this.#isHidden = isHidden;
    for (const listener of [...this.#changes]) listener();
  }

  leave(): void {
    for (const listener of [...this.#leaves]) listener();
  }
}
