import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type AgentBounds, defaultBounds } from './bounds.ts';
import { Watch } from './watch.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function startWatch(changes: Partial<AgentBounds> = {}) {
  const controller = new AbortController();
  const stop = vi.fn();
  const bounds = {
    ...defaultBounds,
    ...{ turnTimeMaxMs: 300_000, stepTimeMaxMs: 300_000, firstPieceMaxMs: 90_000, silenceMaxMs: 60_000 },
    ...changes,
  };
  return { watch: new Watch(controller.signal, bounds, stop), stop, controller };
}

describe('a watch', () => {
  test('stops exactly when the first piece is overdue', () => {
    const { watch, stop } = startWatch();
    vi.advanceTimersByTime(10_000);
    watch.called(90_000);
    vi.advanceTimersByTime(89_999);
    expect(stop).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(stop).toHaveBeenCalledOnce();
    expect(watch.timeout).toContain('did not begin to answer');
  });

  test('stops exactly when the calls of a step have used their time, even while the model sends pieces', () => {
    const { watch, stop } = startWatch({ stepTimeMaxMs: 70_000 });
    vi.advanceTimersByTime(5_000);
    watch.beginStep();
    for (let second = 0; second < 69; second++) {
      vi.advanceTimersByTime(1_000);
      watch.heard();
    }
    expect(watch.remainingMs).toBe(1_000);
    expect(stop).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1_000);
    expect(stop).toHaveBeenCalledOnce();
    expect(watch.timeout).toContain('one step');
  });

  test('bounds only the whole time while tools are called', () => {
    const { watch, stop } = startWatch({ stepTimeMaxMs: 70_000 });
    watch.beginStep();
    watch.called(90_000);
    watch.heard();
    watch.endStep();
    vi.advanceTimersByTime(299_999);
    expect(stop).not.toHaveBeenCalled();
  });

  test('lets an answer take the whole time of a turn', () => {
    const { watch, stop } = startWatch();
    vi.advanceTimersByTime(299_999);
    expect(stop).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(stop).toHaveBeenCalledOnce();
    expect(watch.timeout).toContain('longer than a turn');
  });

  test('stops exactly when the model was silent for its bound', () => {
    const { watch, stop } = startWatch();
    vi.advanceTimersByTime(50_000);
    watch.heard();
    vi.advanceTimersByTime(59_000);
    watch.heard();
    vi.advanceTimersByTime(59_999);
    expect(stop).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(stop).toHaveBeenCalledOnce();
    expect(watch.timeout).toContain('silent');
  });

  test('stops a model that is never silent when the turn has had its time', () => {
    const { watch, stop } = startWatch();
    for (let second = 0; second < 299; second++) {
      vi.advanceTimersByTime(1_000);
      watch.heard();
    }
    expect(stop).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1_000);
    expect(stop).toHaveBeenCalledOnce();
  });

  test('a pause ends when the caller aborts, and no bound is reported as exceeded', async () => {
    const { watch, stop, controller } = startWatch();
    const pause = watch.pause(250_000);
    controller.abort();
    await pause;
    expect(stop).toHaveBeenCalledOnce();
    expect(watch.timeout).toBeUndefined();
  });

  test('a closed watch stops nothing and leaves no timer', () => {
    const { watch, stop, controller } = startWatch();
    watch.close();
    controller.abort();
    expect(stop).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});
