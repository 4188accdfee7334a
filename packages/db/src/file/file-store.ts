import { compact, compactAs, type Id, limits, mintId } from '@parley/contract';
import { mongo, trusted } from 'mongoose';
import { isDuplicateKey, toApiError } from '../connection/database-errors.ts';
import { databaseOf } from '../connection/database-of.ts';
import { guarded } from '../connection/guarded.ts';
import { inTransaction } from '../connection/in-transaction.ts';
import type { Models } from '../models.ts';
import type { Scope } from '../scope.ts';
import { BUCKET, type FileDocument } from './file-model.ts';
import type { FileStore } from './file-port.ts';
import type { FileRecord, FileReplay } from './file-records.ts';
import { createFileRemover, removalUpdate } from './remove-files.ts';

/** A hint, because the planner may prefer the index on chats, which all unsent files lack. */
const FILES_OF_USER = { team: 1, user: 1, chat: 1 } as const;

/** Creates the store of files. All but the contents is limited in time. */
export function createFileStore(models: Models): FileStore {
  const { files, fileStorage, turns } = models;
  const bucket = new mongo.GridFSBucket(databaseOf(files.db), { bucketName: BUCKET });
  const { removeFiles, removeContents, removeIf } = createFileRemover(models);

  return {
    ...guarded({
      findByIdempotencyKey,

      async begin({ team, user, agents }: Scope, filename: string) {
        const _id = mintId('file');
        const now = new Date();
        const uploader = compact({ user, agents: agents && [...agents] });
        const document = { _id, team, ...uploader, filename, unsentSince: now, createdAt: now };
        await files.insertMany([document], { lean: true });
        return _id;
      },

      async finish(scope, id, { mediaType, bytes, idempotency }, storageMax) {
        const { team } = scope;
        await fileStorage.updateOne({ _id: team }, { $setOnInsert: { team, bytes: 0 } }, { upsert: true });
        try {
          return await inTransaction(files.db, async (session) => {
            const hasRoom = { _id: team, bytes: trusted({ $lte: storageMax - bytes }) };
            const counted = await fileStorage.updateOne(hasRoom, { $inc: { bytes } }, { session });
            if (counted.matchedCount === 0) return 'full';
            const found = await files
              .findOneAndUpdate(
                { _id: id, team, removedAt: trusted({ $exists: false }) },
                { $set: { mediaType, bytes, ...(idempotency && { idempotency }) } },
                { session, returnDocument: 'after' },
              )
              .lean();
            // The user or the team was deleted meanwhile.
            if (!found) throw new Error(`the upload ${id} was removed before its end`);
            return toRecord(found);
          });
        } catch (error) {
          const earlier =
            idempotency && isDuplicateKey(error) && (await findByIdempotencyKey(scope, idempotency.key));
          if (!earlier) throw error;
          return earlier;
        }
      },

      async discard({ team }, id) {
        const { matchedCount } = await files.updateOne({ _id: id, team }, removalUpdate());
        if (matchedCount === 1) await removeContents([id]);
      },

      async find(scope, id) {
        const found = await findDocument(scope, id);
        return found && toRecord(found);
      },

      async list(scope, ids) {
        const found = await files.find({ _id: trusted({ $in: [...ids] }), team: scope.team }).lean();
        return found.filter((file) => isWithin(scope, file)).map(toRecord);
      },

      async claim({ scope, chat }, ids) {
        const { team, user, agent } = chat;
        const these = { _id: trusted({ $in: [...ids] }), team };
        const owner = compact({ user, agents: [agent] });
        const claimed = await files.updateMany(
          {
            ...these,
            // A file of another user stays that user's. Files that were uploaded for the team become the chat's.
            user: user === undefined ? trusted({ $exists: false }) : trusted({ $in: [user, null] }),
            bytes: trusted({ $exists: true }),
            removedAt: trusted({ $exists: false }),
            chat: trusted({ $in: [chat.id, null] }),
          },
          { $set: { chat: chat.id, ...owner, unsentSince: new Date() }, $unset: { expiringSince: 1 } },
        );
        if (claimed.matchedCount === ids.length) return 'claimed';
        const found = await files.find(these).lean();
        const isOther = (file: FileDocument) => file.chat !== undefined && file.chat !== chat.id;
        return found.some((file) => isOther(file) && isWithin(scope, file)) ? 'in-use' : 'missing';
      },

      async release({ scope: { team }, chat }, ids) {
        const { matchedCount } = await files.updateMany(
          { _id: trusted({ $in: [...ids] }), team, chat: chat.id },
          { $set: { expiringSince: new Date() }, $unset: { unsentSince: 1 } },
        );
        return matchedCount;
      },

      async countUnsent({ team, user }, limit) {
        return files.countDocuments({ team, user, chat: null }, { limit, hint: FILES_OF_USER });
      },

      async remove(scope, id) {
        const found = await findDocument(scope, id);
        if (!found) return 'missing';
        if (found.chat !== undefined) return 'in-use';
        await removeIf([id], { chat: trusted({ $exists: false }) });
        // A message has claimed it, or another request has removed it.
        return (await findDocument(scope, id)) ? 'in-use' : 'removed';
      },

      async storage({ team }) {
        const found = await fileStorage.findOne({ _id: team }, { bytes: 1 }).lean();
        return found?.bytes ?? 0;
      },

      async sweep(now, limit) {
        const isDue = { unsentSince: trusted({ $lt: new Date(now.getTime() - limits.unsentFileMs) }) };
        const removedBefore = new Date(now.getTime() - limits.uploadMaxMs);
        const unsent = await removeUnsent(isDue, limit, now);
        const sent = await lookForTurns(limit, now);
        const removed = await removeFiles({ removedAt: trusted({ $lt: removedBefore }) }, limit, now);
        return unsent + sent + removed;
      },
    } satisfies Omit<FileStore, 'write' | 'read'>),

    async write(id, content) {
      const stream = bucket.openUploadStreamWithId(gridId(id), id);
      // The write that failed reports the error.
      stream.on('error', () => undefined);
      try {
        // Each piece is waited for, so that none is written after a failed upload has been removed.
        for await (const chunk of content) await settled((done) => stream.write(chunk, done));
        await settled((done) => stream.end(done));
      } catch (error) {
        stream.destroy();
        throw toApiError(error);
      }
    },

    read: ({ id }) => bucket.openDownloadStream(gridId(id)),
  };

  /**
   * Removes files that belong to no chat, and marks those that belong to one: a message may be about to name them. An upload that
   * was never finished goes as well.
   */
  async function removeUnsent(isDue: object, limit: number, now: Date): Promise<number> {
    const found = await files.find(isDue, { chat: 1, bytes: 1 }).limit(limit).lean();
    const isClaimed = ({ chat }: Pick<FileDocument, 'chat'>) => chat !== undefined;
    const claimed = found.filter(isClaimed).map(({ _id }) => _id);
    const free = found.filter((file) => !isClaimed(file)).map(({ _id }) => _id);
    if (claimed.length > 0) {
      const mark = { $set: { expiringSince: now }, $unset: { unsentSince: 1 as const } };
      await files.updateMany({ _id: trusted({ $in: claimed }), ...isDue }, mark);
    }
    if (free.length > 0) await removeIf(free, { ...isDue, chat: trusted({ $exists: false }) });
    return found.length;
  }

  /** Removes files that were marked long enough ago and that no turn names. The others have been sent: they stay with their chats. */
  async function lookForTurns(limit: number, now: Date): Promise<number> {
    const markedBefore = new Date(now.getTime() - limits.expiringFileMs);
    const isDue = { expiringSince: trusted({ $lt: markedBefore }) };
    const ids = (await files.find(isDue, { _id: 1 }).limit(limit).lean()).map(({ _id }) => _id);
    if (ids.length === 0) return 0;
    const naming = await Promise.all(ids.map((id) => turns.exists({ 'messages.files.id': id })));
    const named = new Set(ids.filter((_, index) => naming[index] !== null));
    const sent = ids.filter((id) => named.has(id));
    if (sent.length > 0)
      await files.updateMany({ _id: trusted({ $in: sent }), ...isDue }, { $unset: { expiringSince: 1 } });
    const unsent = ids.filter((id) => !named.has(id));
    if (unsent.length > 0) await removeIf(unsent, isDue);
    return ids.length;
  }

  async function findByIdempotencyKey(scope: Scope, key: string): Promise<FileReplay | undefined> {
    const found = await files.findOne({ 'idempotency.key': key, team: scope.team }).lean();
    if (!found?.idempotency || !isWithin(scope, found)) return undefined;
    return { body: found.idempotency.body, file: toRecord(found) };
  }

  async function findDocument(scope: Scope, id: Id<'file'>): Promise<FileDocument | undefined> {
    const found = await files.findOne({ _id: id, team: scope.team }).lean();
    return found && isWithin(scope, found) ? found : undefined;
  }
}

/** Waits until a stream calls back. */
function settled(start: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error ? reject(error) : resolve()));
  });
}

/** GridFS takes ids of any type. The driver declares only its own. */
function gridId(id: Id<'file'>): mongo.ObjectId {
  return id as unknown as mongo.ObjectId;
}

/** Whether a scope reaches a file whose upload is finished. */
function isWithin({ team, user, agents }: Scope, file: FileDocument): boolean {
  if (file.team !== team || file.bytes === undefined || file.removedAt !== undefined) return false;
  if (user !== undefined && file.user !== user) return false;
  if (agents === undefined) return true;
  // A file without agents was uploaded by a caller who reaches all of them.
  return file.agents?.every((agent) => agents.includes(agent)) ?? false;
}

function toRecord(document: FileDocument): FileRecord {
  const { _id: id, filename, mediaType, bytes, chat, createdAt } = document;
  if (filename === undefined || mediaType === undefined || bytes === undefined)
    throw new Error(`the file ${id} is not complete`);
  return compactAs<FileRecord>({ id, filename, mediaType, bytes, chat, createdAt });
}
