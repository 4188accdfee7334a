import { vi } from 'vitest';

/** Moves the monotonic clock forward; timers are not affected. */
export function passTime(): { by(milliseconds: number): void; restore(): void } {
  const now = performance.now.bind(performance);
  let ahead = 0;
  const spy = vi.spyOn(performance, 'now').mockImplementation(() => now() + ahead);
  return {
    by: (milliseconds) => {
      ahead += milliseconds;
    },
    restore: () => spy.mockRestore(),
  };
}
