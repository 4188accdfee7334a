import type { Chat } from '@parley/contract';
import type { Text } from '../texts/translation.ts';

/** A character that people see: no blank, no control character, none that only changes others. */
const VISIBLE = /[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** Returns the title of a chat, or a default while it has none that can be seen. */
export function titleOf({ title }: Pick<Chat, 'title'>, text: Text): string {
  return title && VISIBLE.test(title) ? title.trim() : text('chats.new');
}
