import { ParleyError } from '@parley/client';
import type { FrameMessage, Init, PageMessage, Ready } from './frame-protocol.ts';

/** The page that embeds the chat. */
export interface Host {
  /** True if the page provides user tokens. Otherwise visitors are guests. */
  readonly hasUserToken: boolean;
  /**
   * Requests a token from the page.
   *
   * @throws ParleyError `user_token_needed` if the page has none
   */
  userToken(rejected?: string): Promise<string>;
  close(): void;
  notifyAnswered(): void;
  onOpened(listener: () => void): void;
  onUserChanged(listener: () => void): void;
}

/** Used if the embed page is opened directly. */
const nobody: Host = {
  hasUserToken: false,
  userToken: () =>
    Promise.reject(
      new ParleyError('user_token_needed', 'This page is not embedded, so it has no user token.'),
    ),
  close: () => undefined,
  notifyAnswered: () => undefined,
  onOpened: () => undefined,
  onUserChanged: () => undefined,
};

/**
 * Notifies the embedding page that the frame is ready, and waits for its answer. The frame's `frame-ancestors`
 * policy decides which pages may embed it.
 */
export function openHost(): Promise<Host> {
  if (window.parent === window) return Promise.resolve(nobody);
  const { promise, resolve } = Promise.withResolvers<Host>();
  window.addEventListener('message', ({ source, data, ports: [port] }: MessageEvent<Init | undefined>) => {
    if (source === window.parent && data?.parley === 'init' && port) resolve(hostAt(port, data));
  });
  const ready: Ready = { parley: 'ready' };
  window.parent.postMessage(ready, '*');
  return promise;
}

function hostAt(port: MessagePort, { hasUserToken }: Init): Host {
  const wanted = new Map<number, (token: string | undefined) => void>();
  const listeners = { opened: new Set<() => void>(), 'user-changed': new Set<() => void>() };
  let count = 0;
  const say = (message: FrameMessage) => port.postMessage(message);

  port.onmessage = ({ data }: MessageEvent<PageMessage>) => {
    if (data.type !== 'token') {
      for (const listener of listeners[data.type] ?? []) listener();
      return;
    }
    wanted.get(data.id)?.(typeof data.token === 'string' && data.token !== '' ? data.token : undefined);
    wanted.delete(data.id);
  };

  return {
    hasUserToken,
    async userToken(rejected) {
      const { promise, resolve } = Promise.withResolvers<string | undefined>();
      count++;
      wanted.set(count, resolve);
      say({ type: 'token-wanted', id: count, refused: rejected });
      const token = await promise;
      if (token === undefined)
        throw new ParleyError('user_token_needed', 'The embedding page has no token for its user.');
      return token;
    },
    close: () => say({ type: 'close' }),
    notifyAnswered: () => say({ type: 'answered' }),
    onOpened: (listener) => void listeners.opened.add(listener),
    onUserChanged: (listener) => void listeners['user-changed'].add(listener),
  };
}
