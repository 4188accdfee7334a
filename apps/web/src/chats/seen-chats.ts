import { readLocal, writeLocal } from '../lib/local-store.ts';

const storageKey = 'parley-seen-chats';
const chatsMax = 200;

/** The times at which this browser last showed chats. Chats that it never showed count as seen at `since`. */
interface Seen {
  readonly since: string;
  /** The newest come last. */
  readonly chats: Readonly<Record<string, string>>;
}

const listeners = new Set<() => void>();
let cached: { readonly stored: string | null; readonly seen: Seen } | undefined;

/** Returns what this browser has seen. The object stays the same while nothing changes. */
export function seenChats(): Seen {
  const stored = readLocal(storageKey);
  if (cached && cached.stored === stored) return cached.seen;
  const seen = parsed(stored);
  cached = { stored, seen };
  if (stored === null) write(seen);
  return seen;
}

/** Notes that a chat is being shown. */
export function markSeen(chatId: string, updatedAt: string): void {
  const { since, chats } = seenChats();
  const { [chatId]: known, ...others } = chats;
  if (known !== undefined && known >= updatedAt) return;
  const entries = [...Object.entries(others), [chatId, updatedAt] as const].slice(-chatsMax);
  write({ since, chats: Object.fromEntries(entries) });
}

/** Calls `listener` after each change, also by other tabs. Returns a function that stops this. */
export function subscribeToSeen(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener('storage', listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener('storage', listener);
  };
}

/** Whether a chat was used since this browser showed it. */
export function isUnread(chat: { readonly id: string; readonly updatedAt: string }, seen: Seen): boolean {
  return chat.updatedAt > (seen.chats[chat.id] ?? seen.since);
}

function write(seen: Seen): void {
  const stored = JSON.stringify(seen);
  writeLocal(storageKey, stored);
  cached = { stored, seen };
  for (const listener of [...listeners]) listener();
}

function parsed(stored: string | null): Seen {
  try {
    const seen = JSON.parse(stored ?? '') as Seen;
    if (typeof seen.since === 'string' && typeof seen.chats === 'object') return seen;
  } catch {
    // A damaged text counts as none.
  }
  return { since: new Date().toISOString(), chats: {} };
}
