import type { FrameMessage, Init, PageMessage } from './frame-protocol.ts';
import type { LoaderTexts } from './loader-texts.ts';

/*
 * `/embed.js` adds the chat to a page of another site. It imports only types, sets its styles by script in a
 * shadow root, so that no style policy blocks them, and sends requests to this server only.
 */

interface EmbedOptions {
  /** A publishable key. */
  readonly key: string;
  /** The agent to chat with. Default: the first one, or the visitor's choice. */
  readonly agent?: string | undefined;
  readonly title?: string | undefined;
  /** The language of the chat, such as `de`. Default: the visitor's. */
  readonly lang?: string | undefined;
  readonly theme?: string | undefined;
  /** A color such as `#3b82f6`. */
  readonly accent?: string | undefined;
  readonly position?: string | undefined;
  /** The heading above a new chat. */
  readonly greeting?: string | undefined;
  /** Questions to start with, as an array or divided by `|`. */
  readonly starters?: string | readonly string[] | undefined;
  /** The address of a picture of the agent. */
  readonly avatar?: string | undefined;
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

/** The texts by language, put in by the build. */
declare const LOADER_TEXTS: Readonly<Record<string, LoaderTexts>> & { readonly en: LoaderTexts };

declare global {
  interface Window {
    Parley?: ParleyOfPage;
  }
}

const CSS = `\
:host{all:initial;font:16px system-ui,sans-serif;color-scheme:light dark}\
*{box-sizing:border-box}\
section{position:fixed;z-index:2147483000;bottom:20px;right:20px}\
button{display:block;width:56px;height:56px;padding:15px;border:0;border-radius:50%;cursor:pointer;\
background:var(--a);color:var(--i);box-shadow:0 4px 16px #0004}\
:focus-visible{outline:3px solid var(--a);outline-offset:3px}\
svg{display:block;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}\
i{pointer-events:none;position:absolute;top:0;right:0;width:14px;height:14px;border-radius:50%;background:#dc2626;border:2px solid #fff}\
div{position:absolute;bottom:72px;right:0;width:400px;height:min(640px,calc(100dvh - 112px));padding:32px;display:grid;place-content:center;text-align:center;overflow:hidden;border:1px solid #8883;border-radius:16px;\
background:Canvas;color:CanvasText;box-shadow:0 12px 48px #0005;transition:opacity .15s,transform .15s}\
.left,.left div{right:auto;left:20px}.left div{left:0}\
iframe{position:absolute;inset:0;width:100%;height:100%;border:0}\
[hidden]{display:none!important}\
@starting-style{div{opacity:0;transform:translateY(8px)}}\
@media(max-width:639px){div{position:fixed;inset:0!important;width:auto;height:auto;border:0;border-radius:0}.open button{display:none}}\
@media(prefers-reduced-motion){div{transition:none}}\
@media print{section{display:none}}`;

const SPEECH = 'M21 12a8.5 8.5 0 0 1-12.6 7.4L3 21l1.6-5.4A8.5 8.5 0 1 1 21 12z';
const CROSS = 'M6 6l12 12M18 6L6 18';
/** The options for the frame. They are in the fragment of its address, so that they are not sent to the server. */
const FOR_FRAME = ['agent', 'title', 'lang', 'theme', 'accent', 'greeting', 'starters'] as const;
/** A frame that does not respond within this time was blocked or is not compatible. */
const FRAME_MAX_MS = 20_000;

const script = document.currentScript as HTMLScriptElement | null;
const server = new URL(script?.src ?? location.href).origin;
const embeds = new Map<string, Embed>();

function embed(options: EmbedOptions): Embed {
  const { key, lang = '', avatar = '', userToken } = options;
  if (!/^pk_/.test(key)) throw new Error('Parley: key must start with pk_.');
  const known = embeds.get(key);
  if (known) return known;

  const [chat, openText, closeText, newAnswer, unreachable] = textsFor([lang, ...navigator.languages]);
  const title = options.title || chat;
  const accent = /^#[\da-f]{6}$/i.test(options.accent ?? '') ? (options.accent as string) : '#0f5f5a';
  const ink = inkOn(accent);
  const host = make('parley-chat');
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS);
  root.adoptedStyleSheets = [sheet];

  const box = make('section');
  box.style.setProperty('--a', accent);
  box.style.setProperty('--i', ink);
  const bubble = make('button') as HTMLButtonElement;
  const unread = make('i');
  const panel = make('div');
  panel.hidden = unread.hidden = true;
  box.append(panel, bubble, unread);
  root.append(box);
  let isOpen = false;
  let frame: HTMLIFrameElement | undefined;
  let port: MessagePort | undefined;
  let waiting: ReturnType<typeof setTimeout> | undefined;

  /** Shows or hides the panel, and remembers it for the next page of the site. */
  function show(value: boolean): void {
    panel.hidden = !value;
    isOpen = value;
    if (value) unread.hidden = true;
    label();
    remember(value ? '1' : '');
  }

  /** Stores whether the panel is open, for the next page of the site, and returns the stored value; none if it is blocked. */
  function remember(value?: string): string {
    try {
      sessionStorage[key] = value ?? sessionStorage[key] ?? '';
      return sessionStorage[key];
    } catch {
      return '';
    }
  }

  function label(): void {
    const name = (isOpen ? closeText : openText).replace('{title}', title);
    bubble.ariaExpanded = `${isOpen}`;
    bubble.ariaLabel = unread.hidden ? name : `${name}, ${newAnswer}`;
    bubble.replaceChildren(icon(isOpen ? CROSS : SPEECH));
    box.className = `${options.position} ${isOpen ? 'open' : ''}`;
  }

  function load(): void {
    frame = make('iframe') as HTMLIFrameElement;
    frame.title = title;
    frame.allow = 'clipboard-write';
    frame.referrerPolicy = 'no-referrer';
    const asked = new URLSearchParams({ ink });
    for (const name of FOR_FRAME) {
      const value = [options[name] ?? []].flat().join('|');
      if (value) asked.set(name, value);
    }
    const { origin } = location;
    frame.src = `${server}/embed?${new URLSearchParams({ key, origin, avatar })}#${asked}`;
    panel.replaceChildren(frame);
    waiting = setTimeout(() => {
      panel.replaceChildren(unreachable);
      frame = undefined;
      // biome-ignore lint/suspicious/noConsole: developers of the embedding page look for errors there.
      console.error('Parley: chat not loaded.');
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
    const init: Init = { parley: 'init', hasUserToken: !!userToken };
    frame.contentWindow?.postMessage(init, server, [channel.port2]);
    if (isOpen) say({ type: 'opened' });
  }

  async function onFrame({ data }: MessageEvent<FrameMessage>): Promise<void> {
    if (data.type === 'close') handle.close();
    if (data.type === 'answered' && !isOpen) {
      unread.hidden = false;
      label();
    }
    if (data.type !== 'token-wanted') return;
    let token: string | undefined;
    try {
      token = await userToken?.(data.refused);
    } catch (error) {
      // biome-ignore lint/suspicious/noConsole: developers of the embedding page look for errors there.
      console.error('Parley:', error);
    }
    say({ type: 'token', id: data.id, token });
  }

  const handle: Embed = {
    open() {
      if (isOpen) return;
      if (!frame) load();
      show(true);
      frame?.focus();
      say({ type: 'opened' });
    },
    close() {
      if (!isOpen) return;
      show(false);
      bubble.focus();
    },
    toggle: () => (isOpen ? handle.close() : handle.open()),
    userChanged: () => say({ type: 'user-changed' }),
    destroy() {
      clearTimeout(waiting);
      kept.disconnect();
      removeEventListener('message', onMessage);
      port?.close();
      host.remove();
      embeds.delete(key);
    },
  };
  bubble.onclick = handle.toggle;
  // A handler that returns false would prevent that Enter presses the button.
  box.onkeydown = ({ key: pressed }) => void (pressed === 'Escape' && handle.close());
  addEventListener('message', onMessage);
  // Outside of the body, because some sites replace it when a visitor goes to another page.
  const html = document.documentElement;
  const keep = () => void (host.isConnected || html.append(host));
  const kept = new MutationObserver(keep);
  kept.observe(html, { childList: true });
  keep();
  embeds.set(key, handle);
  label();
  // On phones the chat covers the page that the visitor went to.
  if (innerWidth > 639 && remember()) {
    load();
    show(true);
  }
  return handle;
}

function textsFor(tags: readonly string[]): LoaderTexts {
  const texts = LOADER_TEXTS;
  return tags.map((tag) => texts[tag.slice(0, 2).toLowerCase()]).find(Boolean) ?? texts.en;
}

const make = (name: string): HTMLElement => document.createElement(name);

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
function inkOn(accent: string): '#ffffff' | '#111111' {
  const luminance = [0.2126, 0.7152, 0.0722].reduce(
    (sum, share, index) =>
      sum + share * (Number(`0x${accent.slice(1 + 2 * index, 3 + 2 * index)}`) / 255) ** 2.2,
    0,
  );
  return luminance > 0.179 ? '#111111' : '#ffffff';
}

/** Reads the options from the attributes of the script tag. `data-user-token` names a global function. */
function embedByTag({ dataset }: HTMLScriptElement): void {
  const { key, userToken: name } = dataset;
  if (!key) return;
  const userToken = name
    ? (rejected?: string) =>
        (window as unknown as Record<string, (rejected?: string) => string>)[name]?.(rejected) ?? ''
    : undefined;
  page.embed({ ...dataset, key, userToken });
}

const page = window.Parley ?? { embed };
window.Parley = page;
// A second tag for the same key has no effect. Without a body, wait for the document.
if (script) {
  if (document.body) embedByTag(script);
  else addEventListener('DOMContentLoaded', () => embedByTag(script));
}
