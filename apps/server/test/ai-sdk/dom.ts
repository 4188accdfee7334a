import { Window } from 'happy-dom';

/*
 * The parts of a browser that React and `useChat` need; import this before them. `fetch` and streams stay Node's own,
 * so that tests use real sockets. The global `window` has no document, because the server runs in this process too,
 * and its `openai` package refuses to work in a browser.
 */
const { document } = new Window();
Object.assign(globalThis, { window: {}, document });

/** An element to render into. */
export function newContainer() {
  return document.createElement('main');
}
