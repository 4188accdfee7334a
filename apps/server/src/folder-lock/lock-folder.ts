import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { identifyProcess, isRunning, type ProcessIdentity } from './process-identity.ts';

/** Information from the holder of a folder for other processes. */
interface FolderNote {
  /** The address of its database; absent until the database is reachable. */
  mongodbUri?: string;
}

/** A folder that this process holds. */
export interface FolderLock extends ProcessIdentity {
  /** Replaces the note that other processes read. */
  update(note: FolderNote): Promise<void>;
  /** Releases the folder. A second call has no effect. */
  release(): Promise<void>;
}

/** The process that holds a folder, with its note. */
export interface FolderHolder extends FolderNote {
  pid: number;
}

/** Another process holds the folder. The message says which, and what the operator can do. */
export class FolderInUseError extends Error {
  readonly pid: number;
  readonly folder: string;

  constructor(pid: number, folder: string) {
    super(
      `Another server (process ${pid}) already uses the folder ${folder}. ` +
        'Stop that one first, or give this one a folder of its own with DATA_DIR.',
    );
    this.name = 'FolderInUseError';
    this.pid = pid;
    this.folder = folder;
  }
}

/**
 * Locks `dataDir` for this process, and creates it if necessary. The lock lasts until `release` or until the process ends
 * in any way: a lock whose holder no longer runs has no effect, and the next contender removes it.
 *
 * Every contender puts a claim into `dataDir/lock`: an empty file whose name identifies the process. A claim never changes
 * and its name is never used again. The contender then looks for other claims. Of any two contenders, the later one sees the
 * earlier one's claim, so a contender that finds no other claim after its own holds the folder, and no other can. Any
 * process may remove a dead process's claim at any time. When several contenders claim at once, all but the first by name
 * remove their claims and try again.
 *
 * @throws FolderInUseError when another running process holds the folder, or keeps its claim for ten seconds.
 */
export async function lockFolder(dataDir: string): Promise<FolderLock> {
  const folder = join(resolve(dataDir), 'lock');
  // The folder contains secrets: the database's files and key, and the API keys of the first start.
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const identity = await ownIdentity();
  const claim = claimOf(identity);
  const claimFile = join(folder, claim);
  try {
    await contend(folder, claim);
    await writeNote(claimFile, {});
  } catch (error) {
    await removeClaim(claimFile);
    throw error;
  }
  return {
    ...identity,
    update: (note) => writeNote(claimFile, note),
    release: () => removeClaim(claimFile),
  };
}

/** Returns the running process that holds `dataDir`, if there is one. */
export async function readLock(dataDir: string): Promise<FolderHolder | undefined> {
  const claims = await liveClaims(join(resolve(dataDir), 'lock'));
  const holder = claims.find(({ note }) => note !== undefined);
  return holder && { pid: holder.pid, ...holder.note };
}

/** Contenders need milliseconds. This limits the wait for a contender that was suspended with a claim. */
const CONTENTION_MAX_MS = 10_000;
const NOTE_SUFFIX = '.json';
const CLAIM = /^(\d+)_([A-Za-z0-9-]+)_[0-9a-f]+$/;

/** A claim whose process runs. */
interface LiveClaim {
  claim: string;
  pid: number;
  /** Only the holder's claim has a note. */
  note: FolderNote | undefined;
}

/** Resolves when the claim is the only one. If it rejects, the claim may still exist. */
async function contend(folder: string, claim: string): Promise<void> {
  const giveUpAt = performance.now() + CONTENTION_MAX_MS;
  for (let claimed = false; ; ) {
    const rivals = (await liveClaims(folder)).filter((rival) => rival.claim !== claim);
    const [rival] = rivals;
    if (rival === undefined) {
      if (claimed) return;
      await (await open(join(folder, claim), 'wx')).close();
      claimed = true;
      continue;
    }
    const holder = rivals.find(({ note }) => note !== undefined);
    if (holder) throw new FolderInUseError(holder.pid, dirname(folder));
    if (performance.now() > giveUpAt) throw new FolderInUseError(rival.pid, dirname(folder));
    if (claimed && rivals.some((other) => other.claim < claim)) {
      await removeClaim(join(folder, claim));
      claimed = false;
    }
    await delay(10 + Math.random() * 20);
  }
}

async function ownIdentity(): Promise<ProcessIdentity> {
  const identity = await identifyProcess(process.pid);
  if (identity) return identity;
  throw new Error(
    'DATA_DIR cannot be locked: neither /proc nor ps shows when a process started. Install ps.',
  );
}

function claimOf({ pid, startMark }: ProcessIdentity): string {
  return `${pid}_${startMark}_${randomBytes(6).toString('hex')}`;
}

async function liveClaims(folder: string): Promise<LiveClaim[]> {
  const live: LiveClaim[] = [];
  for (const claim of await namesIn(folder)) {
    const [, pid, startMark] = CLAIM.exec(claim) ?? [];
    if (pid === undefined || startMark === undefined) continue;
    if (await isRunning({ pid: Number(pid), startMark })) {
      live.push({ claim, pid: Number(pid), note: await readNote(join(folder, claim)) });
    } else {
      await removeClaim(join(folder, claim));
    }
  }
  return live;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Replaces the note by a rename, so that a reader never sees a part of one. */
async function writeNote(claimFile: string, note: FolderNote): Promise<void> {
  // The address can contain a password.
  await writeFile(`${claimFile}.new`, JSON.stringify(note), { mode: 0o600 });
  await rename(`${claimFile}.new`, claimFile + NOTE_SUFFIX);
}

async function readNote(claimFile: string): Promise<FolderNote | undefined> {
  try {
    // Only `writeNote` writes this file.
    return JSON.parse(await readFile(claimFile + NOTE_SUFFIX, 'utf8')) as FolderNote;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function removeClaim(claimFile: string): Promise<void> {
  // The claim is removed last, so that its other files always belong to a claim.
  for (const suffix of ['.new', NOTE_SUFFIX, '']) await rm(claimFile + suffix, { force: true });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
