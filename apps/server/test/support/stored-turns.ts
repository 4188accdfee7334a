import { type Id, markerIdOf } from '@parley/contract';
import type { mongo } from 'mongoose';

/** A turn in MongoDB, with the fields that tests read. */
export interface StoredTurn {
  readonly _id: string;
  readonly chat: string;
  readonly sequence: number;
  readonly status: string;
  readonly takeovers: number;
  readonly messages: readonly { readonly id: string; readonly role: string; readonly content: string }[];
  readonly usage: readonly object[];
  readonly errorCode?: string;
}

/** The turns of a chat in their order, without the marker of its deletion and the placeholders of removed turns. */
export async function storedTurns(raw: mongo.Db, chat: string): Promise<StoredTurn[]> {
  const marker = markerIdOf(chat as Id<'chat'>);
  const turns = raw.collection<StoredTurn>('turns');
  return await turns
    .find({ chat, _id: { $ne: marker }, purgedAt: { $exists: false } })
    .sort({ sequence: 1 })
    .toArray();
}
