import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { idSchema } from '@parley/contract';
import { z } from 'zod';
import { readIfThere } from './read-if-there.ts';

const credentialsSchema = z.object({
  url: z.string(),
  mongodbUri: z.string(),
  teamId: idSchema('team'),
  agentId: idSchema('agent'),
  /** A key with `access: open`, as in the documented API: it reaches all chats. */
  publishableKey: z.string(),
  /** A key for a page with visitors, each of whom reaches their own chats. Absent in a file of release 0.1.0. */
  guestKey: z.string().optional(),
  secretKey: z.string(),
  /** The key of the chat page, for users only. Absent in files of older releases. */
  webKey: z.string().optional(),
});

/** The keys that the first start created, in plain text. The database contains only their hashes. */
export type Credentials = z.infer<typeof credentialsSchema>;

/** Reads and writes `DATA_DIR/credentials.json`. Only its owner can read it. */
export function credentialsFile(dataDir: string) {
  const path = join(dataDir, 'credentials.json');
  return {
    path,

    /**
     * Reads the file; undefined if there is none.
     *
     * @throws Error if the file is not valid
     */
    async read(): Promise<Credentials | undefined> {
      const text = await readIfThere(path);
      if (text === undefined) return undefined;
      try {
        return credentialsSchema.parse(JSON.parse(text));
      } catch {
        throw new Error(
          `${path} cannot be read as credentials. Restore it, or move it away to start without it.`,
        );
      }
    },

    /** Replaces the file. A file of another team is kept under the name of that team. */
    async write(credentials: Credentials): Promise<void> {
      await mkdir(dirname(path), { recursive: true });
      const before = await this.read();
      if (before && before.teamId !== credentials.teamId) {
        await rename(path, join(dataDir, `credentials-${before.teamId}.json`));
      }
      const next = `${path}.new`;
      const file = await open(next, 'w', 0o600);
      try {
        await file.writeFile(`${JSON.stringify(credentials, null, 2)}\n`);
        // The keys exist nowhere else, so they are on the disk before the database has their hashes.
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(next, path);
    },

    async remove(): Promise<void> {
      await rm(path, { force: true });
    },
  };
}

/** The file in `DATA_DIR` that holds the keys of the first start. */
export type CredentialsFile = ReturnType<typeof credentialsFile>;
