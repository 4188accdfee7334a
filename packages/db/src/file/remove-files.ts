import { type Id, limits } from '@parley/contract';
import { trusted } from 'mongoose';
import { inTransaction } from '../connection/in-transaction.ts';
import type { Models } from '../models.ts';
import type { FileDocument } from './file-model.ts';

/** The update that hides a file from everyone and removes what names people, until `removeFiles` has removed its content. */
export function removalUpdate(now = new Date()) {
  return {
    $set: { removedAt: now },
    $unset: {
      ...{ user: 1 as const, filename: 1 as const, idempotency: 1 as const },
      ...{ unsentSince: 1 as const, agents: 1 as const },
      ...{ chat: 1 as const, expiringSince: 1 as const },
    },
  };
}

/** Removes files with their contents. */
export function createFileRemover({ files, fileStorage, contents, contentChunks }: Models) {
  return {
    /**
     * Removes at most `limit` files that match, with their contents. An upload that may still write is hidden, and removed
     * when it has certainly ended. Returns the number of files it found.
     */
    async removeFiles(filter: object, limit: number, now = new Date()): Promise<number> {
      const found = await files.find(filter, { bytes: 1, createdAt: 1 }).limit(limit).lean<Removed[]>();
      const isOver = ({ bytes, createdAt }: Removed) =>
        bytes !== undefined || createdAt.getTime() < now.getTime() - limits.uploadMaxMs;
      const open = found.filter((file) => !isOver(file)).map(({ _id }) => _id);
      if (open.length > 0) await files.updateMany({ _id: trusted({ $in: open }) }, removalUpdate(now));
      await removeContents(found.filter(isOver).map(({ _id }) => _id));
      return found.length;
    },
    removeContents,

    /**
     * Removes those of these finished files that still match. The check and the update that hides a file are one, so a message that
     * claims it meanwhile keeps it.
     */
    async removeIf(ids: readonly Id<'file'>[], condition: object): Promise<void> {
      const these = { _id: trusted({ $in: [...ids] }) };
      await files.updateMany({ ...these, ...condition }, removalUpdate());
      const hidden = await files.find({ ...these, removedAt: trusted({ $exists: true }) }, { _id: 1 }).lean();
      await removeContents(hidden.map(({ _id }) => _id));
    },
  };

  /** Removes the contents, then the documents: after a crash the documents still name the contents. */
  async function removeContents(ids: readonly Id<'file'>[]): Promise<void> {
    if (ids.length === 0) return;
    const these = trusted({ $in: [...ids] });
    await files.updateMany({ _id: these }, removalUpdate());
    await contentChunks.deleteMany({ files_id: these });
    await contents.deleteMany({ _id: these });
    await inTransaction(files.db, async (session) => {
      const left = await files.find({ _id: these }, { team: 1, bytes: 1 }, { session }).lean();
      if (left.length === 0) return;
      await files.deleteMany({ _id: these }, { session });
      for (const [team, ofTeam] of Map.groupBy(left, (file) => file.team)) {
        const bytes = ofTeam.reduce((sum, file) => sum + (file.bytes ?? 0), 0);
        if (bytes > 0) await fileStorage.updateOne({ _id: team }, { $inc: { bytes: -bytes } }, { session });
      }
    });
  }
}

type Removed = Pick<FileDocument, '_id' | 'bytes' | 'createdAt'>;
