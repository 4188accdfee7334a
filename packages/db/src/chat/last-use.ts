import type { Id } from '@parley/contract';
import type { Models } from '../models.ts';
import { isEnded } from '../turn/turn-status.ts';
import type { ChatUse } from './chat-records.ts';
import { isMarker } from './deletion-marker.ts';

const fields = { chat: 1, sequence: 1, status: 1, createdAt: 1, endedAt: 1 } as const;

/** The last use of a chat, from its newest turn. A chat without turns was last used when it was created. */
export async function lastUseOf(
  { turns }: Pick<Models, 'turns'>,
  chat: Id<'chat'>,
  createdAt: Date,
): Promise<Pick<ChatUse, 'at' | 'accepted' | 'ended'>> {
  const newest = await turns.findOne({ chat }, fields).sort({ sequence: -1 }).lean();
  if (!newest || isMarker(newest)) return { at: createdAt };
  const { sequence, status, endedAt } = newest;
  return {
    at: endedAt ?? newest.createdAt,
    accepted: sequence,
    ...(isEnded(status) && { ended: sequence }),
  };
}
