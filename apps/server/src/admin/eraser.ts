import type { Eraser } from '@parley/api';
import type { Stores } from '@parley/db';
import { removeDeletedChat, systemClock } from '@parley/turns';

/** Deletes data while a server runs. The runs of that server notice that their turns are missing. */
export function createEraser(stores: Pick<Stores, 'deletions' | 'chats'>): Eraser {
  const { deletions } = stores;
  return { deletions, dropChat: (chat) => removeDeletedChat({ store: stores, clock: systemClock }, chat) };
}
