import type { mongo } from 'mongoose';

/** A turn as it stands in MongoDB, as far as tests look at it. */
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

/** The turns of a chat in their order. */
export async function storedTurns(raw: mongo.Db, chat: string): Promise<StoredTurn[]> {
  return await raw.collection<StoredTurn>('turns').find({ chat }).sort({ sequence: 1 }).toArray();
}
