import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { identifyProcess, isRunning, type ProcessIdentity } from './process-identity.ts';

/** What the holder of a folder tells other processes about itself. */
export interface FolderNote {
  /** Where its database can be reached, once it can. */
  mongodbUri?: string;
}

export interface FolderLock extends ProcessIdentity {
  /** Replaces the note others read. */
  update(note: FolderNote): Promise<void>;
  /** Gives the folder free. Doing it twice is harmless. */
  release(): Promise<void>;
}

export interface FolderHolder extends FolderNote {
  pid: number;
}

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
 * Takes `dataDir` (made when missing) for this process alone, until `release` or the end of the process,
 * however it ends: a lock whose holder no longer runs counts nothing and is cleared away by the next one.
 *
 * Every contender puts a claim into `dataDir/lock`: an empty file whose name says who it is, never changed
 * and never used again. It then looks for claims of others. Of any two, the later one to come sees the
 * earlier; so whoever finds itself alone after claiming has won, and nobody else can. Claims of the dead may
 * be removed by anybody at any time, because the dead do not come back. Where several claim at once, all
 * but the first by name withdraw and look again.
 *
 * @throws FolderInUseError when another living process holds the folder, or will not let go of its claim
 * for ten seconds.
 */
export async function lockFolder(dataDir: string): Promise<FolderLock> {
  const folder = join(resolve(dataDir), 'lock');
  // What it holds is its owner's: the database's files and key, the API keys of the first start.
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

/** Who holds `dataDir` now, with its note; `undefined` when nobody living does. */
export async function readLock(dataDir: string): Promise<FolderHolder | undefined> {
  const claims = await livingClaims(join(resolve(dataDir), 'lock'));
  const holder = claims.find(({ note }) => note !== undefined);
  return holder && { pid: holder.pid, ...holder.note };
}

/** Contests are settled within milliseconds; this bounds a contender that was stopped in the middle of one. */
const CONTEST_MAX_MS = 10_000;
const NOTE_SUFFIX = '.json';
const CLAIM = /^(\d+)_([A-Za-z0-9-]+)_[0-9a-f]+$/;

interface LivingClaim {
  claim: string;
  pid: number;
  /** Only a holder has one. */
  note: FolderNote | undefined;
}

/** Returns once the claim stands alone. When it throws, the claim may still be there. */
async function contend(folder: string, claim: string): Promise<void> {
  const giveUpAt = performance.now() + CONTEST_MAX_MS;
  for (let claimed = false; ; ) {
    const rivals = (await livingClaims(folder)).filter((rival) => rival.claim !== claim);
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
  throw new Error('This system does not tell when a process started: neither /proc nor ps can be used.');
}

function claimOf({ pid, startMark }: ProcessIdentity): string {
  return `${pid}_${startMark}_${randomBytes(6).toString('hex')}`;
}

async function livingClaims(folder: string): Promise<LivingClaim[]> {
  const living: LivingClaim[] = [];
  for (const claim of await namesIn(folder)) {
    const [, pid, startMark] = CLAIM.exec(claim) ?? [];
    if (pid === undefined || startMark === undefined) continue;
    if (await isRunning({ pid: Number(pid), startMark })) {
      living.push({ claim, pid: Number(pid), note: await readNote(join(folder, claim)) });
    } else {
      await removeClaim(join(folder, claim));
    }
  }
  return living;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** The note is replaced as a whole, so that a reader never sees half of one. */
async function writeNote(claimFile: string, note: FolderNote): Promise<void> {
  // It can hold the address of a database, which is nobody else's business.
  await writeFile(`${claimFile}.new`, JSON.stringify(note), { mode: 0o600 });
  await rename(`${claimFile}.new`, claimFile + NOTE_SUFFIX);
}

async function readNote(claimFile: string): Promise<FolderNote | undefined> {
  try {
    // Only `writeNote` writes this file, in this folder of ours.
    return JSON.parse(await readFile(claimFile + NOTE_SUFFIX, 'utf8')) as FolderNote;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function removeClaim(claimFile: string): Promise<void> {
  // The claim goes last: while it stands, what belongs to it has an owner.
  for (const suffix of ['.new', NOTE_SUFFIX, '']) await rm(claimFile + suffix, { force: true });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
