import { Window } from 'happy-dom';

/*
 * The parts of a browser that React needs; import this file first. `fetch` and streams stay Node's own, so
 * that tests use real sockets.
 */
const window = new Window({ url: 'http://localhost/' });
Object.assign(globalThis, { window, document: window.document, IS_REACT_ACT_ENVIRONMENT: true });
