import { copyFile, type FileHandle, open, rename, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';

/** The file a `mongod` prints into. At most two of `BYTES_MAX` are kept. */
export interface MongodLog {
  path: string;
  /** For the child's standard output and error. */
  file: FileHandle;
  /** The sentences in which the run since `openMongodLog` says what went wrong; empty when it says nothing. */
  complaint(): Promise<string>;
  /** Closes our end. A running `mongod` goes on printing. */
  close(): Promise<void>;
}

/**
 * Opens the log for one run of `mongod`, and keeps it from growing for ever: what is full is put aside, both
 * now and while the run lasts.
 */
export async function openMongodLog(
  dataDir: string,
  { lookEveryMs = LOOK_EVERY_MS } = {},
): Promise<MongodLog> {
  const path = join(dataDir, 'mongod.log');
  if ((await sizeOf(path)) > BYTES_MAX) await rename(path, `${path}.1`);
  // It may quote what is stored, which is the owner's business alone.
  const file = await open(path, 'a+', 0o600);
  const start = await sizeOf(path);
  const timer = setInterval(() => void putAside(path), lookEveryMs);
  timer.unref();
  return {
    path,
    file,
    complaint: async () => complaintIn(await readFrom(file, start)),
    close: async () => {
      clearInterval(timer);
      await file.close();
    },
  };
}

/** Months of a healthy database, or some thousand complaints of an ill one. */
const BYTES_MAX = 8 * 1024 * 1024;
const LOOK_EVERY_MS = 60_000;
/** Enough for the beginning of the trouble, which is the part that tells. */
const COMPLAINT_BYTES_MAX = 1024 * 1024;

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

/** A running `mongod` keeps its file, so the file is emptied in place; it appends, so it goes on at the start. */
async function putAside(path: string): Promise<void> {
  if ((await sizeOf(path)) <= BYTES_MAX) return;
  // A log is no reason to stop for: without space for the copy there is none, and the next look tries again.
  await copyFile(path, `${path}.1`).catch(() => undefined);
  await truncate(path).catch(() => undefined);
}

async function readFrom(file: FileHandle, start: number): Promise<string> {
  const { size } = await file.stat();
  const from = Math.max(size < start ? 0 : start, size - COMPLAINT_BYTES_MAX);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
  return buffer.toString('utf8', 0, bytesRead);
}

/** MongoDB's ids of lines that only say that it is about to end because of what it has said before. */
const EPILOGUES = new Set([23089, 23090, 23091, 23092, 6384300]);

/** What the loader says of a lent library. */
const HARMLESS = /no version information available/;

/** The shape of MongoDB's log lines, as far as it is used. */
interface LogLine {
  s?: string;
  id?: number;
  msg?: string;
  attr?: { error?: unknown; message?: unknown };
}

/** The first two errors `mongod` names, or, when it did not come so far, what was printed in its place. */
export function complaintIn(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const parsed = lines.map(parse);
  const errors = parsed.filter((line) => line && isComplaint(line)).map((line) => sentenceOf(line ?? {}));
  const plain = lines.filter((line, index) => parsed[index] === undefined && !HARMLESS.test(line));
  const telling = errors.length > 0 ? errors : plain;
  return [...new Set(telling)].slice(0, 2).join('; ');
}

function parse(line: string): LogLine | undefined {
  try {
    return line.startsWith('{') ? (JSON.parse(line) as LogLine) : undefined;
  } catch {
    return undefined;
  }
}

function isComplaint({ s, id = 0 }: LogLine): boolean {
  return (s === 'E' || s === 'F') && !EPILOGUES.has(id);
}

function sentenceOf({ msg = '', attr }: LogLine): string {
  const wiredTiger = textsIn(attr?.message, ['msg', 'error_str']);
  if (wiredTiger.length > 0) return wiredTiger.join(': ');
  const details = [attr?.error, attr?.message].filter((detail) => typeof detail === 'string');
  return [msg, ...details, ...textsIn(attr?.error, ['errmsg'])].join(': ');
}

function textsIn(value: unknown, keys: string[]): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const entries = new Map(Object.entries(value));
  return keys.map((key) => entries.get(key)).filter((text) => typeof text === 'string');
}
