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
  /** Open, as the documented API has it: it reaches all chats. */
  publishableKey: z.string(),
  /** For a page with visitors, each of whom reaches their own chats. Absent in a file of release 0.1.0. */
  guestKey: z.string().optional(),
  secretKey: z.string(),
  /** The chat page's own, for users alone. Absent in a file that was written before there was one. */
  webKey: z.string().optional(),
});

/** The keys that the first start created, in plain text. The database contains only their hashes. */
export type Credentials = z.infer<typeof credentialsSchema>;

/** `DATA_DIR/credentials.json`, readable by its owner alone. */
export function credentialsFile(dataDir: string) {
  const path = join(dataDir, 'credentials.json');
  return {
    path,

    /** @throws Error when the file is there but is not what was written */
    async read(): Promise<Credentials | undefined> {
      const text = await readIfThere(path);
      if (text === undefined) return undefined;
      try {
        return credentialsSchema.parse(JSON.parse(text));
      } catch {
        throw new Error(
          `${path} cannot be read as credentials. Restore it, or move it away to go on without.`,
        );
      }
    },

    /** Replaces the file as a whole; one of another team is kept beside it, named for that team. */
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
        // The keys exist nowhere else: they are on the disk before the database knows them.
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
