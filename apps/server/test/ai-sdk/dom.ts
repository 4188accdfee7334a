import { Window } from 'happy-dom';

/*
 * What React and `useChat` need of a browser; import this before them. `fetch` and streams stay Node's own: what
 * is tested goes over real sockets. The global `window` has no document, because the server runs in this process
 * too, and its client of the model rejects to work in a browser.
 */
const { document } = new Window();
Object.assign(globalThis, { window: {}, document });

/** An element to render into. */
export function newContainer() {
  return document.createElement('main');
}
