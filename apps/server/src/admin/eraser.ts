import type { Eraser } from '@parley/api';
import type { Stores } from '@parley/db';
import { removeDeletedChat, systemClock } from '@parley/turns';

/** Deletes beside a running server, whose own runs notice that their turns are gone. */
export function createEraser(stores: Pick<Stores, 'deletions' | 'chats'>): Eraser {
  const { deletions } = stores;
  return { deletions, dropChat: (chat) => removeDeletedChat({ store: stores, clock: systemClock }, chat) };
}
