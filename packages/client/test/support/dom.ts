import { Window } from 'happy-dom';

/*
 * What React needs of a browser; import this before it. `fetch` and streams stay Node's own: what is tested goes
 * over real sockets.
 */
const window = new Window({ url: 'http://localhost/' });
Object.assign(globalThis, { window, document: window.document, IS_REACT_ACT_ENVIRONMENT: true });
