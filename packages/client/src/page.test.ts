import { afterEach, expect, test, vi } from 'vitest';
import { browserPage } from './page.ts';

afterEach(() => vi.unstubAllGlobals());

/** Stubs the parts of a browser that a page uses. */
function stubBrowser() {
  const target = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  const navigator = { onLine: true };
  const frames: (() => void)[] = [];
  vi.stubGlobal('addEventListener', target.addEventListener.bind(target));
  vi.stubGlobal('removeEventListener', target.removeEventListener.bind(target));
  vi.stubGlobal('document', document);
  vi.stubGlobal('navigator', navigator);
  vi.stubGlobal('requestAnimationFrame', (frame: () => void) => frames.push(frame));
  vi.stubGlobal('cancelAnimationFrame', () => frames.splice(0));
  return { target, document, navigator, frames };
}

test('reports events of the browser until the listener is removed', () => {
  const { target, document, navigator } = stubBrowser();
  const page = browserPage();
  const [change, leave] = [vi.fn(), vi.fn()];
  const stops = [page.onChange(change), page.onLeave(leave)];
  navigator.onLine = false;
  target.dispatchEvent(new Event('offline'));
  document.visibilityState = 'hidden';
  document.dispatchEvent(new Event('visibilitychange'));
  target.dispatchEvent(new Event('pagehide'));
  expect([page.isOnline(), page.isHidden()]).toEqual([false, true]);
  for (const stop of stops) stop();
  for (const type of ['online', 'pagehide']) target.dispatchEvent(new Event(type));
  expect([change.mock.calls.length, leave.mock.calls.length]).toEqual([2, 1]);
});

test('calls back in the next animation frame, or after a timer if the page is hidden', async () => {
  const { document, frames } = stubBrowser();
  const page = browserPage();
  const [first, second] = [vi.fn(), vi.fn()];
  page.onNextFrame(first);
  expect(first).not.toHaveBeenCalled();
  for (const frame of frames.splice(0)) frame();
  expect(first).toHaveBeenCalledTimes(1);
  page.onNextFrame(vi.fn())();
  expect(frames).toEqual([]);
  document.visibilityState = 'hidden';
  page.onNextFrame(second);
  await vi.waitFor(() => expect(second).toHaveBeenCalledTimes(1));
});

test('calls back after a timer if no animation frame comes', async () => {
  stubBrowser();
  const late = vi.fn();
  browserPage().onNextFrame(late);
  await vi.waitFor(() => expect(late).toHaveBeenCalledTimes(1));
});

test('counts as online and visible outside a browser', () => {
  const page = browserPage();
  expect([page.isOnline(), page.isHidden()]).toEqual([true, false]);
  for (const stop of [page.onChange(vi.fn()), page.onLeave(vi.fn())]) stop();
});
