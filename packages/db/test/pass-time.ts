import { vi } from 'vitest';

/** Lets the monotonic clock be told that time has passed; timers go on as they are. */
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
