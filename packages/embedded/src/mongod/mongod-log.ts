import { copyFile, type FileHandle, open, rename, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';

/** The log file of a `mongod`. At most two files of `BYTES_MAX` are kept. */
export interface MongodLog {
  path: string;
  /** The child's standard output and standard error. */
  file: FileHandle;
  /** Returns the errors that were logged since `openMongodLog`, or an empty string. */
  errorText(): Promise<string>;
  /** Closes this process's end. A running `mongod` continues to write. */
  close(): Promise<void>;
}

/** Opens the log for one run of `mongod`, and rotates a full file now and during the run. */
export async function openMongodLog(
  dataDir: string,
  { checkEveryMs = CHECK_EVERY_MS } = {},
): Promise<MongodLog> {
  const path = join(dataDir, 'mongod.log');
  if ((await sizeOf(path)) > BYTES_MAX) await rename(path, `${path}.1`);
  // The log may quote stored data.
  const file = await open(path, 'a+', 0o600);
  const start = await sizeOf(path);
  let isRotating = false;
  const timer = setInterval(async () => {
    // A second rotation at the same time would remove lines that were written after the first.
    if (isRotating) return;
    isRotating = true;
    await rotate(path);
    isRotating = false;
  }, checkEveryMs);
  timer.unref();
  return {
    path,
    file,
    errorText: async () => errorTextIn(await readFrom(file, start)),
    close: async () => {
      clearInterval(timer);
      await file.close();
    },
  };
}

/** Months of a healthy database, or some thousand errors. */
const BYTES_MAX = 8 * 1024 * 1024;
const CHECK_EVERY_MS = 60_000;
/** The first errors show the cause. */
const ERRORS_BYTES_MAX = 1024 * 1024;

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

/** Copies and empties the file. A running `mongod` keeps its file open in append mode, so it continues at the start. */
async function rotate(path: string): Promise<void> {
  if ((await sizeOf(path)) <= BYTES_MAX) return;
  // A failure is ignored, for example for lack of space; the next call tries again.
  await copyFile(path, `${path}.1`).catch(() => undefined);
  await truncate(path).catch(() => undefined);
}

async function readFrom(file: FileHandle, start: number): Promise<string> {
  const { size } = await file.stat();
  const from = Math.max(size < start ? 0 : start, size - ERRORS_BYTES_MAX);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
  return buffer.toString('utf8', 0, bytesRead);
}

/** The ids of lines that only announce the end after an earlier error. */
const EPILOGUES = new Set([23089, 23090, 23091, 23092, 6384300]);

/** A message of the dynamic loader about the fetched libcurl. */
const HARMLESS = /no version information available/;

/** The used fields of MongoDB's log lines. */
interface LogLine {
  s?: string;
  id?: number;
  msg?: string;
  attr?: { error?: unknown; message?: unknown };
}

/** Returns the first two errors in the log. If `mongod` failed before it could log, returns its plain output. */
export function errorTextIn(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const parsed = lines.map(parse);
  const errors = parsed.filter((line) => line && isComplaint(line)).map((line) => sentenceOf(line ?? {}));
  const plain = lines.filter((line, index) => parsed[index] === undefined && !HARMLESS.test(line));
  const messages = errors.length > 0 ? errors : plain;
  return [...new Set(messages)].slice(0, 2).join('; ');
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
