import type { FrameMessage, Init, PageMessage } from './frame-protocol.ts';

/*
 * `/embed.js` adds the chat to a page of another site. It has no imports, sets its styles by script in a
 * shadow root, so that no style policy blocks them, and sends requests to this server only.
 */

interface EmbedOptions {
  /** A publishable key. */
  readonly key: string;
  /** The agent to chat with. Default: the first one, or the visitor's choice. */
  readonly agent?: string | undefined;
  readonly title?: string | undefined;
  readonly theme?: string | undefined;
  /** A color such as `#3b82f6`. */
  readonly accent?: string | undefined;
  readonly position?: string | undefined;
  /**
   * Returns the visitor's token, signed by your servers. It is called once, and again with a rejected token.
   * Without it, visitors are guests.
   */
  readonly userToken?: ((rejected?: string) => Promise<string> | string) | undefined;
}

interface Embed {
  open(): void;
  close(): void;
  toggle(): void;
  /**
   * Call it when the user signs in or out. The chat clears everything of the former user and calls
   * `userToken` again.
   */
  userChanged(): void;
  destroy(): void;
}

interface ParleyOfPage {
  embed(options: EmbedOptions): Embed;
}

declare global {
  interface Window {
    Parley?: ParleyOfPage;
  }
}

const CSS = `\
:host{all:initial;position:fixed;z-index:2147483000;inset:auto 0 0 0;height:0;font:16px system-ui,sans-serif;color-scheme:light dark}\
*{box-sizing:border-box}\
button{position:fixed;bottom:20px;right:20px;width:56px;height:56px;padding:15px;border:0;border-radius:50%;cursor:pointer;\
background:var(--a);color:var(--i);box-shadow:0 4px 16px rgb(0 0 0/.24);transition:transform .15s}\
button:hover{transform:scale(1.06)}:focus-visible{outline:3px solid var(--a);outline-offset:3px}\
svg{display:block;width:100%;height:100%;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}\
i{pointer-events:none;position:fixed;bottom:62px;right:20px;width:14px;height:14px;border-radius:50%;background:#dc2626;border:2px solid #fff}\
div{position:fixed;bottom:92px;right:20px;width:400px;height:min(640px,calc(100dvh - 112px));overflow:hidden;border:1px solid #8883;border-radius:16px;\
background:Canvas;color:CanvasText;box-shadow:0 12px 48px rgb(0 0 0/.28);transition:opacity .15s,transform .15s}\
.left button,.left div{right:auto;left:20px}.left i{right:auto;left:62px}\
iframe{position:relative;width:100%;height:100%;border:0;display:block}\
p{position:absolute;inset:0;margin:0;padding:32px;display:grid;place-content:center;text-align:center;line-height:1.5}\
[hidden]{display:none!important}\
@starting-style{div{opacity:0;transform:translateY(8px)}}\
@media(max-width:639px){div{inset:0!important;width:auto;height:auto;border:0;border-radius:0}.open button{display:none}}\
@media(prefers-reduced-motion){*{transition:none!important}}\
@media print{:host{display:none}}`;

const SPEECH = 'M21 12a8.5 8.5 0 0 1-12.6 7.4L3 21l1.6-5.4A8.5 8.5 0 1 1 21 12z';
const CROSS = 'M6 6l12 12M18 6L6 18';
const UNREACHABLE = 'The chat can’t open here.';
/** A frame that does not respond within this time was blocked or is not compatible. */
const FRAME_MAX_MS = 20_000;

const script = document.currentScript as HTMLScriptElement | null;
const server = new URL(script?.src ?? location.href).origin;
const embeds = new Map<string, Embed>();

function embed(options: EmbedOptions): Embed {
  const { key, title = 'Chat', theme = 'auto', position, userToken } = options;
  if (!/^pk_/.test(key)) throw new Error('Parley: key must start with pk_.');
  const known = embeds.get(key);
  if (known) return known;

  const accent = /^#[0-9a-f]{6}$/i.test(options.accent ?? '') ? (options.accent as string) : undefined;
  const ink = inkOn(accent ?? '#0f5f5a');
  const host = document.createElement('parley-chat');
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS);
  root.adoptedStyleSheets = [sheet];

  const box = make('section', position === 'left' ? 'left' : '');
  box.style.setProperty('--a', accent ?? '#0f5f5a');
  box.style.setProperty('--i', ink);
  const bubble = make('button');
  bubble.type = 'button';
  const unread = make('i');
  unread.hidden = true;
  const panel = make('div');
  panel.hidden = true;
  panel.id = 'panel';
  const note = make('p');
  note.hidden = true;
  bubble.setAttribute('aria-controls', panel.id);
  box.append(panel, bubble, unread);
  root.append(box);
  let frame: HTMLIFrameElement | undefined;
  let port: MessagePort | undefined;
  let waiting: ReturnType<typeof setTimeout> | undefined;
  label();

  function label(): void {
    const isOpen = !panel.hidden;
    bubble.ariaExpanded = String(isOpen);
    bubble.ariaLabel = `${isOpen ? 'Close' : 'Open'}: ${title}${unread.hidden ? '' : ', new answer'}`;
    bubble.replaceChildren(icon(isOpen ? CROSS : SPEECH));
    box.classList.toggle('open', isOpen);
  }

  function load(): void {
    frame = make('iframe');
    frame.title = title;
    frame.allow = 'clipboard-write';
    frame.referrerPolicy = 'no-referrer';
    const asked: Record<string, string> = { key, title, theme };
    if (accent) Object.assign(asked, { accent, ink });
    if (options.agent) asked['agent'] = options.agent;
    frame.src = `${server}/embed?${new URLSearchParams(asked)}`;
    panel.append(note, frame);
    waiting = setTimeout(() => {
      note.textContent = UNREACHABLE;
      note.hidden = false;
      frame?.remove();
      frame = undefined;
      // biome-ignore lint/suspicious/noConsole: developers of the embedding page look for errors there.
      console.error(`Parley: chat not loaded. Add ${location.origin} to the key's origins.`);
    }, FRAME_MAX_MS);
  }

  function say(message: PageMessage): void {
    port?.postMessage(message);
  }

  function onMessage({ source, origin, data }: MessageEvent): void {
    if (!frame || source !== frame.contentWindow || origin !== server || data?.parley !== 'ready') return;
    clearTimeout(waiting);
    port?.close();
    const channel = new MessageChannel();
    port = channel.port1;
    port.onmessage = onFrame;
    const init: Init = { parley: 'init', hasUserToken: userToken !== undefined };
    frame.contentWindow?.postMessage(init, server, [channel.port2]);
    if (!panel.hidden) say({ type: 'opened' });
  }

  async function onFrame({ data }: MessageEvent<FrameMessage>): Promise<void> {
    if (data.type === 'close') handle.close();
    if (data.type === 'answered' && panel.hidden) {
      unread.hidden = false;
      label();
    }
    if (data.type !== 'token-wanted') return;
    let token: string | undefined;
    try {
      token = await userToken?.(data.refused);
    } catch (error) {
      // biome-ignore lint/suspicious/noConsole: developers of the embedding page look for errors there.
      console.error('Parley: userToken failed', error);
    }
    say({ type: 'token', id: data.id, token });
  }

  function onKey(event: KeyboardEvent): void {
    if (event.key === 'Escape' && !panel.hidden) handle.close();
  }

  const handle: Embed = {
    open() {
      if (!panel.hidden) return;
      note.hidden = true;
      if (!frame) load();
      panel.hidden = false;
      unread.hidden = true;
      label();
      frame?.focus();
      say({ type: 'opened' });
    },
    close() {
      if (panel.hidden) return;
      panel.hidden = true;
      label();
      bubble.focus();
    },
    toggle: () => (panel.hidden ? handle.open() : handle.close()),
    userChanged: () => say({ type: 'user-changed' }),
    destroy() {
      clearTimeout(waiting);
      window.removeEventListener('message', onMessage);
      port?.close();
      host.remove();
      embeds.delete(key);
    },
  };
  bubble.onclick = handle.toggle;
  box.addEventListener('keydown', onKey);
  window.addEventListener('message', onMessage);
  document.body.append(host);
  embeds.set(key, handle);
  return handle;
}

function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className = '',
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  if (className) element.className = className;
  return element;
}

function icon(path: string): SVGElement {
  const ns = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(ns, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.ariaHidden = 'true';
  const line = document.createElementNS(ns, 'path');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}

/** Returns the text color with the better contrast on a background (WCAG 2.2, relative luminance). */
function inkOn(colour: string): '#ffffff' | '#111111' {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? '#111111' : '#ffffff';
}

/** Reads the options from the attributes of the script tag. `data-user-token` names a global function. */
function embedByTag({ dataset }: HTMLScriptElement): void {
  const { key, agent, title, theme, accent, position, userToken: name } = dataset;
  if (!key) return;
  const userToken = name
    ? (rejected?: string) =>
        (window as unknown as Record<string, (rejected?: string) => string>)[name]?.(rejected) ?? ''
    : undefined;
  embed({ key, agent, title, theme, accent, position, userToken });
}

const page = window.Parley ?? { embed };
window.Parley = page;
// A second tag for the same key has no effect. Without a body, wait for the document.
if (script && page.embed === embed) {
  if (document.body) embedByTag(script);
  else addEventListener('DOMContentLoaded', () => embedByTag(script));
}
