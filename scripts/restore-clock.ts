import { afterAll, vi } from 'vitest';

// The next test file in this process needs the real clock.
afterAll(() => void vi.useRealTimers());
